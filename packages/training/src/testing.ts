export { optimizerLaws } from './testing/optimizer-laws.ts';
