import { random } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import { type FloatDType, isFloat, type Shape, scope, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import * as layerClasses from '../layer-classes.ts';
import type { LayerClass } from '../model-file/layer-reader.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerLawName } from '../sample.ts';

export interface LayerLawOptions {
  /** Laws that are left out, such as `gradients` for a layer of pseudo-gradients. Default none. */
  readonly except?: readonly LayerLawName[];
  /** Inputs are whole numbers from 0 up to this one. Default: normal numbers. */
  readonly below?: number;
  /** Layers of the caller's own that files of the layer need, besides its class. */
  readonly layers?: Readonly<Record<string, LayerClass>>;
  /** Layers with other options that are drawn from its rules, besides the one given. Default 4; none for containers. */
  readonly drawn?: number;
  /** Decides inputs and draws. Default 1. */
  readonly seed?: number;
}

/** A layer under its laws. */
export class Subject {
  readonly make: () => Module;
  readonly input: Shape;
  readonly options: LayerLawOptions;

  constructor(make: () => Module, input: Shape, options: LayerLawOptions) {
    this.make = make;
    this.input = input;
    this.options = options;
  }

  /** An input. */
  readonly x = (
    dtype: FloatDType = 'f32',
    shape: Shape = this.input,
    seed = this.options.seed ?? 1,
  ): Tensor => {
    const { below } = this.options;
    const source = random(seed);
    const values = Float64Array.from({ length: sizeOf(shape) }, () =>
      below === undefined ? source.normal() : source.integer(below),
    );
    return below === undefined
      ? tensor(values, shape, { dtype })
      : tensor(Int32Array.from(values), shape, { dtype: 'i32' });
  };

  /** A layer with normalisation and biases that are not those of the start. */
  used(dtype: FloatDType = 'f32'): Module {
    const layer = this.make();
    layer.useDtype(dtype);
    const source = random((this.options.seed ?? 1) + 1);
    for (const [name, parameter] of [...layer.namedParameters(), ...layer.namedBuffers()]) {
      const { value } = parameter;
      if (!isFloat(value.dtype) || !/(bias|scale|shift|mean|variance)$/.test(name)) continue;
      const values = Float64Array.from({ length: value.size }, () => 0.5 + source.uniform());
      scope(() => parameter.assign(tensor(values, value.shape, { dtype: value.dtype })));
    }
    return layer;
  }

  training(): Pass {
    return { training: true, random: random(5) };
  }

  async loaded(bytes: Uint8Array): Promise<Module> {
    return load(bytes, { layers: this.classes() });
  }

  classes(): Readonly<Record<string, LayerClass>> {
    const own: Record<string, LayerClass> = {};
    const visit = (module: Module): void => {
      const known = module.constructor as unknown as LayerClass;
      own[known.type] = known;
      for (const member of module.members.values()) visit(member);
    };
    visit(this.make());
    return { ...layerClasses, ...own, ...this.options.layers };
  }
}

/** @throws LawError always */
export function fail(operation: string, expected: string, actual: string): never {
  throw new LawError({ operation, expected, actual });
}

/** @throws LawError unless two tensors have one shape and elements that differ by at most the tolerance, relative */
export function requireSame(operation: string, actual: Tensor, expected: Tensor, tolerance = 0): void {
  if (actual.shape.join() !== expected.shape.join())
    fail(operation, `shape [${expected.shape}]`, `[${actual.shape}]`);
  const [found, right] = [actual.dataSync(), expected.dataSync()];
  for (let k = 0; k < right.length; k++) {
    const [a, b] = [found[k] as number, right[k] as number];
    if (Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))) continue;
    fail(operation, `${b} at ${k}`, String(a));
  }
}
