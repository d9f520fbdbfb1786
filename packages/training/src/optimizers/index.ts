export { adaMax } from './ada-max.ts';
export { adam } from './adam.ts';
export { adamW } from './adam-w.ts';
export { lion } from './lion.ts';
export { rmsprop } from './rmsprop.ts';
export { sgd } from './sgd.ts';
export { shiftAdaMax } from './shift-ada-max.ts';
