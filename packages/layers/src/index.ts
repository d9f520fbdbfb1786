export type { Layer, Model, Pass } from './layer.ts';
