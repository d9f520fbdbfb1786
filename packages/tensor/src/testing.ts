export { type BackendLawOptions, backendLaws } from './testing/backend-laws.ts';
