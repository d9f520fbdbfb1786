export { type GunzipLimits, gunzipped } from './gunzipped.ts';
export {
  type ByteReader,
  type Compression,
  chunksOf,
  deflated,
  inflated,
  mostInflation,
} from './inflated.ts';
