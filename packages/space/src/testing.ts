export { type Law, LawError } from '@funhash/hashing/testing';
export { growsWithMatrix } from './testing/decode-laws.ts';
export { type SchemeLawName, schemeLawNames } from './testing/law-names.ts';
export { type SchemeLawOptions, schemeLaws } from './testing/scheme-laws.ts';
export { type RequestMaker, type SampledScheme, samplesOf, schemeSamples } from './testing/scheme-samples.ts';
