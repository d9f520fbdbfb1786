export { adjoint, isLinear, tangent } from './differentiate.ts';
export { expanded, expm1Limit, expm1NearZero, type functions } from './functions.ts';
export { Graph, type Node, type NodeOp, type RealOp, type WordOp } from './graph.ts';
export { type FloatArray, Interpreter, type Panel } from './interpreter.ts';
export { type Extent, Program, type Sink, type Slots, tracePointwise } from './program.ts';
export {
  type JsonNumber,
  numberFromJson,
  numberToJson,
  type ProgramJson,
  programFromJson,
  programToJson,
} from './program-json.ts';
export { Real, realMeaning } from './real.ts';
export { type Coordinates, rearranged, rewrite, transposed } from './rewrite.ts';
export { symbolicWords, Word, wordMeaning } from './word.ts';
