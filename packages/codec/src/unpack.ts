// Reading packs alone: this entry and what it imports need no other package.

export { decodeFloat16 } from './formats/floats/float16.ts';
export { UnpackError } from './pack/unpack-error.ts';
export {
  type PackedTensor,
  readPack,
  type UnpackedTensor,
  unpack,
  unpackTensors,
} from './pack/unpack-tensors.ts';
