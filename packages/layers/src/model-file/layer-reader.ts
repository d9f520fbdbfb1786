import { type DecodedModel, ModelFileError } from '@funhash/codec/read';
import { FunhashError, nearestName } from '@funhash/hashing';
import {
  type KnownSchemes,
  Parameter,
  type ParameterRule,
  restoreWeight,
  type SharedSpace,
  type Weight,
  type WeightPolicy,
  type WeightSpec,
} from '@funhash/space';
import { type Shape, sameShape, shapeText, type Tensor, tensor } from '@funhash/tensor';
import type { LayerOptions, LayerSource } from '../layer-options.ts';
import type { Module } from '../module.ts';

/** A class that builds its layers again from a spec. */
export interface LayerClass {
  readonly type: string;
  fromSpec(source: LayerReader): Module;
}

export interface ReaderContext {
  readonly source: string;
  readonly model: DecodedModel;
  readonly layers: Readonly<Record<string, LayerClass>>;
  readonly schemes: KnownSchemes;
  /** The policy of all weights, in place of those in the file. */
  readonly policy: WeightPolicy | undefined;
  readonly spaces: ReadonlyMap<string, SharedSpace>;
  /** Places of layers that stand in an earlier place too, and that place. */
  readonly ties: Fields;
  /** Layers by their place, as they are built. */
  readonly built: Map<string, Module>;
  /** Whether values of f64 stay so. Default false: files hold f32. */
  readonly keepsPrecision?: boolean;
  /** Names of the file's tensors that a layer has taken. */
  readonly taken: Set<string>;
}

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads one layer of a model file, which may be damaged or hostile: every field is checked on its way out, and every
 * complaint says where.
 */
export class LayerReader implements LayerSource {
  readonly #spec: Fields;
  /** Fields that were asked for. */
  readonly #seen = new Set<string>();
  readonly #path: string;
  readonly #context: ReaderContext;

  constructor(spec: unknown, path: string, context: ReaderContext) {
    this.#path = path;
    this.#context = context;
    this.#spec = isFields(spec) ? spec : this.#refuse('a description', spec);
  }

  value(name: string): unknown {
    this.#seen.add(name);
    return this.#spec[name];
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** A whole number from 1 to 2^32 − 1. */
  count(name: string): number {
    const value = this.value(name);
    return Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 32
      ? (value as number)
      : this.#refuse(`a count as ${name}`, value);
  }

  flag(name: string): boolean {
    const value = this.value(name);
    return typeof value === 'boolean' ? value : this.#refuse(`true or false as ${name}`, value);
  }

  text(name: string): string {
    const value = this.value(name);
    return typeof value === 'string' ? value : this.#refuse(`a text as ${name}`, value);
  }

  options(rules: LayerOptions): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (const [name, { isForStart, inFile: field = name, read }] of Object.entries(rules)) {
      if (isForStart) continue;
      const value = this.value(field);
      if (read) options[name] = read(this, field);
      else if (value !== undefined) options[name] = value;
    }
    return options;
  }

  member(name: string): Module {
    return buildLayer(this.value(name), this.#keyOf(name), this.#context);
  }

  members(name: string): Module[] {
    const list = this.value(name);
    if (!Array.isArray(list)) return this.#refuse(`a list of layers as ${name}`, list);
    return list.map((spec, place) => buildLayer(spec, this.#keyOf(String(place)), this.#context));
  }

  parameter(name: string, shape: Shape, rule?: ParameterRule): Parameter {
    const key = this.#keyOf(name);
    const value = this.#stored(key) ?? this.#refuse(`values named ${key}`, undefined);
    if (!sameShape(value.shape, shape))
      return this.#refuse(`values ${name} ${shapeText(shape)}`, value.shape);
    return new Parameter(name, value, rule);
  }

  /** Whole numbers of 32 bits, as they lie in the file. */
  integers(name: string, shape: Shape): Parameter {
    const { model, taken } = this.#context;
    const key = this.#keyOf(name);
    const stored = model.tensors.get(key);
    if (!(stored?.data instanceof Int32Array) || !sameShape(stored.shape, shape))
      return this.#refuse(`integers ${name} ${shapeText(shape)}`, stored && [stored.dtype, stored.shape]);
    taken.add(key);
    return new Parameter(name, tensor(stored.data, shape));
  }

  weight(name: string): Weight {
    const { schemes, spaces, taken, policy: chosen } = this.#context;
    const spec = this.value(name);
    const isExtent = (value: unknown): boolean =>
      Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 32;
    if (!isFields(spec) || !isExtent(spec.rows) || !isExtent(spec.cols) || !isFields(spec.options))
      return this.#refuse(`a weight as ${name}`, spec);
    const stranger = Object.keys(spec).find((field) => !weightFields.includes(field));
    if (stranger !== undefined) this.#refuse(`fields ${weightFields.join(', ')} of ${name}`, stranger);
    const { policy, scale, space, own } = spec;
    if (!['tile', 'step', 'frozen'].includes(policy as string))
      this.#refuse('the policy tile, step or frozen', policy);
    if (own !== undefined && own !== true) this.#refuse('true as own', own);
    if (scale !== undefined && !Number.isFinite(scale)) this.#refuse('a finite scale', scale);
    if (space !== undefined && !spaces.has(space as string)) this.#refuse('a space of this file', space);
    if (space !== undefined) taken.add(space as string);
    const known = spec as unknown as WeightSpec;
    return restoreWeight(chosen ? { ...known, policy: chosen } : known, {
      schemes,
      values: { get: (array) => this.#stored(this.#keyOf(`${name}.${array}`)) },
      space: spaces.get(space as string),
    });
  }

  /** Refuses fields that nobody asked for: a misspelt option would do nothing. */
  requireAllSeen(): void {
    const stranger = Object.keys(this.#spec).find((name) => !this.#seen.has(name));
    if (stranger === undefined) return;
    const names = [...this.#seen].filter((name) => name !== 'type');
    const nearest = nearestName(stranger, names);
    throw refusal(
      this.#context.source,
      `fields among ${names.join(', ') || 'type'} in ${placeText(this.#path)}`,
      shown(stranger),
      ...(nearest === undefined ? [] : [`Did you mean ${nearest}?`]),
    );
  }

  #keyOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #stored(key: string): Tensor | undefined {
    const { model, spaces, taken, keepsPrecision } = this.#context;
    const stored = model.tensors.get(key);
    if (!stored) return undefined;
    if (spaces.has(key)) this.#refuse(`values ${key} of its own`, 'those of a shared space');
    taken.add(key);
    const dtype = keepsPrecision && stored.data instanceof Float64Array ? 'f64' : 'f32';
    return tensor(stored.data, stored.shape, { dtype });
  }

  #refuse(expected: string, actual: unknown): never {
    throw refusal(this.#context.source, `${expected} in ${placeText(this.#path)}`, shown(actual));
  }
}

const weightFields = ['kind', 'rows', 'cols', 'options', 'policy', 'scale', 'space', 'own'];

const placeText = (path: string): string => (path === '' ? 'the model' : `layer ${path}`);

/** A value out of a file as text. */
export function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'none';
}

/** The error for a file whose description or values do not fit. A file may hold much text: `actual` is cut short. */
export function refusal(
  source: string,
  expected: string,
  actual: string,
  remedy = 'The file is damaged, or from another version.',
  cause?: unknown,
): ModelFileError {
  const start = actual.length <= 80 ? actual : `${actual.slice(0, 80)}…`;
  return new ModelFileError({ operation: 'load', source, expected, actual: start, remedy }, { cause });
}

/** Builds the layer that a spec describes. */
export function buildLayer(spec: unknown, path: string, context: ReaderContext): Module {
  const { source, ties, built } = context;
  if (ties[path] !== undefined) {
    const first = built.get(ties[path] as string);
    if (!first) throw refusal(source, `an earlier layer in place of ${placeText(path)}`, shown(ties[path]));
    return first;
  }
  const reader = new LayerReader(spec, path, context);
  const type = reader.text('type');
  const layers = Object.values(context.layers);
  const found = layers.find((layer) => layer.type === type);
  if (!found)
    throw refusal(
      source,
      `a type among ${layers.map((layer) => layer.type).join(', ')} in ${placeText(path)}`,
      shown(type),
      'Pass layers of your own, or packedLayers of @funhash/layers/binary, as `layers`; build a Functional in code and use `loadInto`.',
    );
  const layer = located(path, context, () => found.fromSpec(reader));
  reader.requireAllSeen();
  // A tie to a group would let a short file describe a network of any size.
  if (layer.members.size === 0) built.set(path, layer);
  return layer;
}

/** Runs `build`; what it refuses is reported with its place in the file. */
export function located<T>(path: string, { source }: Pick<ReaderContext, 'source'>, build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (cause instanceof ModelFileError || !(cause instanceof FunhashError)) throw cause;
    const { expected, actual, remedy } = cause.details;
    throw refusal(source, `${expected} in ${placeText(path)}`, actual, remedy, cause);
  }
}
