export { type Law, LawError } from '@funhash/hashing/testing';
export { type FormatLawName, formatLaws } from './testing/format-laws.ts';
export { editedJson, type JsonPath, jsonAt, jsonPaths } from './testing/json-edits.ts';
