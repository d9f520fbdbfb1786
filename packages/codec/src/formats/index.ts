// The record of storage formats, for reading: what is exported here can be read and, with its encoder, stored, chosen by the
// command, and obeys the laws.

export { bf16 } from './bf16.ts';
export { coded } from './coded.ts';
export { i2, i3, i4, i5, i6, i7, i8 } from './codes.ts';
export { f8 } from './f8.ts';
export { f16 } from './f16.ts';
export { f32 } from './f32.ts';
