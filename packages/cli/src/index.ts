export { exitCodes, main } from './main.ts';
export type { Output } from './terminal/output.ts';
