import * as layerClasses from '../layer-classes.ts';
import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';

type Sampled = { readonly sample: LayerSample<Module> };

// A class without a sample does not compile here.
const classes = layerClasses satisfies Readonly<Record<string, Sampled>>;

/** Samples of every layer of this package, by the name of its class. */
export const layerSamples = Object.fromEntries(
  Object.entries(classes).map(([name, { sample }]) => [name, sample]),
) as Readonly<Record<keyof typeof classes, LayerSample<Module>>>;
