export { type EntryBody, entryBody } from './entry-body.ts';
export type { Language, RealFunction, ValueType } from './language.ts';
export { languages } from './languages/languages.ts';
export { type Callable, definitionsOf, type ProgramText, programText, type Reads } from './program-text.ts';
export { type UsedSlots, usedSlots } from './used-slots.ts';
export { uniformHalves, uniformNames, type WordNotation } from './words.ts';
