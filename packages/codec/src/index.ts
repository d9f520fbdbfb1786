export {
  bfloat16ToNumber,
  decodeBfloat16,
  encodeBfloat16,
  numberToBfloat16,
} from './formats/floats/bfloat16.ts';
export { decodeFloat16, encodeFloat16, float16ToNumber, numberToFloat16 } from './formats/floats/float16.ts';
export * from './read.ts';
export * from './write.ts';
