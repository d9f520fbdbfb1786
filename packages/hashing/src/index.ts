export { ArgumentError, type ErrorDetails, FunhashError } from './errors.ts';
export { asWordHash, type HashFormula, numberWords, type WordHash, type WordOps } from './words.ts';
