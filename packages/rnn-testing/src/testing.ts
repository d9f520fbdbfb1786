export { type Law, LawError } from '@funhash/hashing/testing';
export { coverageLaws } from './testing/coverage-laws.ts';
