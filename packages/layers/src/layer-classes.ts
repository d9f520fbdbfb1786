// What users import and what `load` builds by its type.
export { Activation } from './activation.ts';
export { Dense } from './dense.ts';
export { Dropout } from './dropout.ts';
export { Flatten } from './flatten.ts';
export { Sequential } from './sequential.ts';
