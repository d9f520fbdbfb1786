// Packs of foreign weights, written; `@funhash/codec/unpack` reads them alone.

export { type PackOptions, pack, packTensors } from './pack/pack-tensors.ts';
