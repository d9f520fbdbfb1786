export { type GunzipLimits, gunzipped } from './gunzipped.ts';
export { chunksOf, inflated, mostInflation, streamOf } from './inflated.ts';
