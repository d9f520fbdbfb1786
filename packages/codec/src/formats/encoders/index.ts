// How each format of the record is written; one that is missing here is an error of types.

export { bf16 } from './bf16.ts';
export { coded } from './coded.ts';
export { i2, i3, i4, i5, i6, i7, i8 } from './codes.ts';
export { f8 } from './f8.ts';
export { f16 } from './f16.ts';
export { f32 } from './f32.ts';
