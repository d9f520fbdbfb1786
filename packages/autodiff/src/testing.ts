export { type LawfulOp, type OpLawOptions, opLaws } from './testing/op-laws.ts';
export { type PrecisionLawOptions, precisionLaws } from './testing/precision-laws.ts';
export { anyShape, type OpSample, oneShape, threeShapes, twoShapes } from './testing/samples.ts';
