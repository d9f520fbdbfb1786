export { anyProgram, type ProgramOptions, programSlots } from './testing/any-program.ts';
export { type Addition, type Entry, evaluateEntry } from './testing/evaluate-entry.ts';
export {
  edgeNumbers,
  edgeUniforms,
  edgeWords,
  everyWordOperation,
  type WordLeaves,
  wordProgram,
} from './testing/word-operations.ts';
