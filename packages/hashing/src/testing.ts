export { type HashLawName, type HashLawOptions, hashLaws } from './testing/hash-laws.ts';
export { FALSE_ALARM, type Law, LawError } from './testing/law.ts';
export { randomLaws } from './testing/random-laws.ts';
