export { batches } from './batches.ts';
export { concurrent } from './concurrent.ts';
export { disk } from './disk.ts';
export { fuzz } from './fuzz.ts';
export { iterators } from './iterators.ts';
export { kills } from './kills.ts';
export { leaks } from './leaks.ts';
export { names } from './names.ts';
