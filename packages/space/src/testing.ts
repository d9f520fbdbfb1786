export { type Law, LawError } from '@funhash/hashing/testing';
export { type SchemeLawName, type SchemeLawOptions, schemeLaws } from './testing/scheme-laws.ts';
