export { type Law, LawError } from '@funhash/hashing/testing';
export { type LayerLawName, type LayerSample, layerLawNames } from './sample.ts';
export { type LayerLawOptions, layerLaws } from './testing/layer-laws.ts';
export { layerSamples } from './testing/layer-samples.ts';
