// An entry of its own: the module that `schemes` is a namespace of would export that namespace too, once it is built.
export * from './schemes/index.ts';
