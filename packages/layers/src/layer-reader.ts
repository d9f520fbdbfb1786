import { type DecodedModel, ModelFileError } from '@funhash/codec';
import {
  Parameter,
  restoreWeight,
  type Scheme,
  type SharedSpace,
  type Weight,
  type WeightSpec,
} from '@funhash/space';
import { type Shape, sameShape, shapeText, type Tensor, tensor } from '@funhash/tensor';
import type { Module } from './module.ts';

/** A class that builds its layers again from a spec. */
export interface LayerClass {
  readonly type: string;
  fromSpec(reader: LayerReader): Module;
}

export interface ReaderContext {
  readonly source: string;
  readonly model: DecodedModel;
  readonly layers: Readonly<Record<string, LayerClass>>;
  readonly schemes: Readonly<Record<string, Scheme>>;
  readonly spaces: ReadonlyMap<string, SharedSpace>;
  /** Names of the file's tensors that a layer has taken. */
  readonly taken: Set<string>;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads one layer of a model file, which may be damaged or hostile: every field is checked on its way out, and every
 * complaint says where.
 */
export class LayerReader {
  readonly spec: Fields;
  readonly #path: string;
  readonly #context: ReaderContext;

  constructor(spec: unknown, path: string, context: ReaderContext) {
    this.#path = path;
    this.#context = context;
    this.spec = isFields(spec) ? spec : this.#refuse('a layer description', spec);
  }

  has(name: string): boolean {
    return this.spec[name] !== undefined;
  }

  number(name: string): number {
    const value = this.spec[name];
    return typeof value === 'number' ? value : this.#refuse(`${name}: a number`, value);
  }

  /** A whole number from 1 to 2^31 − 1. */
  count(name: string): number {
    const value = this.number(name);
    return Number.isInteger(value) && value >= 1 && value < 2 ** 31
      ? value
      : this.#refuse(`${name}: a count`, value);
  }

  text(name: string): string {
    const value = this.spec[name];
    return typeof value === 'string' ? value : this.#refuse(`${name}: a text`, value);
  }

  /** The layers listed under a name. */
  members(name: string): Module[] {
    const list = this.spec[name];
    if (!Array.isArray(list)) return this.#refuse(`${name}: a list of layers`, list);
    return list.map((spec, place) =>
      buildLayer(spec, this.#path === '' ? String(place) : `${this.#path}.${place}`, this.#context),
    );
  }

  parameter(name: string, shape: Shape): Parameter {
    const value = this.#tensor(name);
    if (!sameShape(value.shape, shape))
      return this.#refuse(`values ${name} of shape ${shapeText(shape)}`, shapeText(value.shape));
    return new Parameter(name, value);
  }

  weight(name: string, rows: number, cols: number): Weight {
    const spec = this.spec[name];
    if (!isFields(spec) || spec.rows !== rows || spec.cols !== cols || !isFields(spec.options))
      return this.#refuse(`${name}: a weight of shape [${rows}, ${cols}]`, JSON.stringify(spec));
    const { policy, scale, space } = spec;
    if (!['tile', 'step', 'frozen'].includes(policy as string))
      this.#refuse('policy: tile, step or frozen', policy);
    if (scale !== undefined && !Number.isFinite(scale)) this.#refuse('scale: a finite number', scale);
    if (space !== undefined && !this.#context.spaces.has(space as string))
      this.#refuse('a space of this file', space);
    const prefix = `${this.#path === '' ? '' : `${this.#path}.`}${name}.`;
    const names = [...this.#context.model.tensors.keys()].filter((key) => key.startsWith(prefix));
    return this.#located(() =>
      restoreWeight(spec as unknown as WeightSpec, {
        schemes: this.#context.schemes,
        values: new Map(
          names.map((key) => [
            key.slice(prefix.length),
            this.#tensor(key.slice(this.#path.length === 0 ? 0 : this.#path.length + 1)),
          ]),
        ),
        space: this.#context.spaces.get(space as string),
      }),
    );
  }

  #tensor(name: string): Tensor {
    const key = this.#path === '' ? name : `${this.#path}.${name}`;
    const stored = this.#context.model.tensors.get(key);
    if (!stored) return this.#refuse(`values named ${key}`, 'none');
    this.#context.taken.add(key);
    return tensor(stored.data, stored.shape, { dtype: 'f32' });
  }

  /** Runs `build`; what it refuses is reported with its place in the file. */
  #located<T>(build: () => T): T {
    try {
      return build();
    } catch (cause) {
      return this.#refuse('a valid description', (cause as Error).message, cause);
    }
  }

  #refuse(expected: string, actual: unknown, cause?: unknown): never {
    throw refusal(
      this.#context.source,
      `layer ${this.#path || '(root)'}: ${expected}`,
      String(actual),
      cause,
    );
  }
}

export function refusal(source: string, expected: string, actual: string, cause?: unknown): ModelFileError {
  return new ModelFileError(
    { operation: 'load', source, expected, actual, remedy: 'The file is damaged, or from another version.' },
    { cause },
  );
}

/** Builds the layer that a spec describes. */
export function buildLayer(spec: unknown, path: string, context: ReaderContext): Module {
  const reader = new LayerReader(spec, path, context);
  const type = reader.text('type');
  const found = Object.values(context.layers).find((layer) => layer.type === type);
  if (!found)
    throw refusal(
      context.source,
      `layer ${path || '(root)'}: a type among ${Object.values(context.layers)
        .map((layer) => layer.type)
        .join(', ')}`,
      type,
    );
  return found.fromSpec(reader);
}
