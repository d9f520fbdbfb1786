import type { Shape } from '@funhash/tensor';

/** Laws that a layer may be checked by. */
export const layerLawNames = [
  'file',
  'description',
  'unknown options',
  'wrong options',
  'batch',
  'repeat',
  'failed step',
  'summary',
  'gradients',
  'precision',
  'memory',
  'wrong shapes',
  'observe',
  'rewriting',
  'steps',
  'plan',
] as const;

export type LayerLawName = (typeof layerLawNames)[number];

/** Layers of a class and an input for them: what laws and fuzzers of all layers draw from. */
export interface LayerSample<M = object> {
  /** Shape of an input, the batch first. */
  readonly input: Shape;
  /** Layers that differ in their options, each made anew. */
  layers(): readonly M[];
  /** Inputs are whole numbers from 0 up to this one. Default: normal numbers. */
  readonly below?: number;
  /** Laws that do not hold for the class: pseudo-gradients are no derivatives. Default none. */
  readonly except?: readonly LayerLawName[];
}
