import {
  type OptionSchema,
  type Scheme,
  type SharedSpace,
  schemeOfKind,
  schemes,
  type WeightRequest,
} from '@funhash/space';
import { SpecError } from '../errors.ts';

/** A scheme as a command line names it: `funHash:1/64,hashes=8,dual`. */
export interface SchemeText {
  readonly kind: string;
  readonly size: { readonly ratio?: number; readonly values?: number; readonly bytes?: number };
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Whether the layers that say so decode from one common space. */
  readonly shared: boolean;
}

/** Lists are written `4x7x7x4`, lists of lists `40x28/25x28`. */
type OptionValue = number | boolean | string | readonly OptionValue[];

const sizes = ['ratio', 'values', 'bytes'] as const;
/** Kinds of schemes; each may stand in a basis, too: `dct2d(hashedNet)`. */
export const schemeKinds: readonly string[] = Object.values(schemes).map(({ definition }) => definition.kind);

/** The name among `known` that was meant: capitals do not matter. Undefined where there is none. */
export function kindIn(text: string, known: readonly string[]): string | undefined {
  if (known.includes(text)) return text;
  return known.find((kind) => kind.toLowerCase() === text.toLowerCase());
}

/**
 * Reads `kind`, `kind:size` or `kind:size,option=value,flag`. A size is a ratio (`1/64`, `0.5`), `values=12250` or
 * `bytes=49000`. Options are those of the scheme's definition, and `shared` where a space can serve several layers.
 *
 * @throws SpecError that names what is wrong and what the scheme takes
 */
export function parseScheme(text: string): SchemeText {
  const [kind, ...parts] = text.split(/[:,]/).map((part) => part.trim()) as [string, ...string[]];
  const { kind: known, options: schema, pool } = schemeOf(kind, text).definition;
  let shared = false;
  let size: SchemeText['size'] = {};
  const options: Record<string, OptionValue> = {};
  for (const part of parts) {
    const found = sizeIn(part, text);
    if (found) {
      if (Object.keys(size).length > 0) throw refusal(text, 'one size', 'several');
      size = found;
    } else if (part === 'shared' && pool) shared = true;
    else {
      const [name, value] = optionIn(part, schema, text);
      options[name] = value;
    }
  }
  return { kind: known, size, options, shared };
}

/** The text that `parseScheme` reads back. */
export function formatScheme({ kind, size, options, shared }: SchemeText): string {
  const parts = [
    ...sizes.flatMap((name) => (size[name] === undefined ? [] : [`${name}=${size[name]}`])),
    ...Object.entries(options).map(([name, value]) => (value === true ? name : `${name}=${textOf(value)}`)),
    ...(shared ? ['shared'] : []),
  ];
  return parts.length === 0 ? kind : `${kind}:${parts.join(',')}`;
}

/** What a layer's `weight:` takes. */
export function weightRequest({ kind, size, options }: SchemeText, space?: SharedSpace): WeightRequest {
  return { scheme: schemeOf(kind, kind), size: space ? {} : size, options, policy: 'tile', space };
}

/**
 * What makes entries of latent values, as `binary` or `lsq:bits=2` say.
 *
 * @throws SpecError for a scheme that makes them of stored values itself
 */
export function quantizerOf(text: string): (latent?: WeightRequest) => WeightRequest {
  const { scheme, options } = weightRequest(parseScheme(text));
  if (!scheme.over) throw refusal(text, 'a quantiser, such as binary or lsq:bits=2', scheme.definition.kind);
  const { over } = scheme;
  return (latent = schemes.dense()) => ({
    ...latent,
    scheme: over(latent.scheme),
    options: { ...latent.options, ...options },
  });
}

/** Whether a scheme has an option of this name. */
export function hasOption({ kind }: SchemeText, name: string): boolean {
  return Object.hasOwn(schemeOf(kind, kind).definition.options, name);
}

/** What a matrix [rows, cols] really stores under a scheme with so many values: some schemes cannot use every number. */
export function storedCount(
  { kind, options }: SchemeText,
  values: number,
  rows: number,
  cols: number,
): number {
  const { definition } = schemeOf(kind, kind);
  const defaults = Object.entries(definition.options).map(([name, option]) => [name, option.default]);
  const planned = definition.plan({ rows, cols, budget: values, given: options });
  const arrays = definition.stored(
    { ...Object.fromEntries(defaults), ...planned, ...options },
    { rows, cols },
  );
  return Object.values(arrays).reduce(
    (sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1),
    0,
  );
}

/** `1/64` and `0.015625` as a number in (0, 1]; undefined for other text. */
export function parseRatio(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(?:\/(\d+(?:\.\d+)?))?$/.exec(text.trim());
  if (!match) return undefined;
  const ratio = Number(match[1]) / Number(match[2] ?? 1);
  return ratio > 0 && ratio <= 1 ? ratio : undefined;
}

/** `1/64` where the ratio is one over a whole number, else decimals. */
export function formatRatio(ratio: number): string {
  const denominator = Math.round(1 / ratio);
  return Math.abs(ratio * denominator - 1) < 1e-9 ? `1/${denominator}` : String(ratio);
}

/**
 * Splits a list of schemes at the commas that begin a new one: `funHash,hashes=8,dual,hashedNet` is two schemes.
 *
 * @param also names that are no schemes but may stand in the list
 */
export function splitSchemes(text: string, also: readonly string[] = []): string[] {
  const found: string[] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    const name = part.split(':')[0] as string;
    if (found.length === 0 || schemeNamed(name) || kindIn(name, also)) found.push(part);
    else found.push(`${found.pop()},${part}`);
  }
  return found;
}

/** The kind of a scheme, also of one in a basis, by its name with any capitals; undefined where there is none. */
export function schemeKind(text: string): string | undefined {
  return schemeNamed(text)?.definition.kind;
}

function schemeNamed(text: string): Scheme | undefined {
  const kind = text.replace(/\w+/g, (name) => kindIn(name, schemeKinds) ?? name);
  return schemeOfKind(kind, schemes);
}

function schemeOf(kind: string, text: string): Scheme {
  const scheme = schemeNamed(kind);
  if (!scheme) throw refusal(text, `one of ${schemeKinds.join(', ')}`, `the scheme ${kind || '(none)'}`);
  return scheme;
}

function sizeIn(part: string, text: string): SchemeText['size'] | undefined {
  const [name, value] = part.includes('=') ? (part.split('=', 2) as [string, string]) : ['ratio', part];
  if (name === 'ratio') {
    if (!/^[\d./]+$/.test(value) && !part.includes('=')) return undefined;
    const ratio = parseRatio(value);
    if (ratio === undefined) throw refusal(text, 'a ratio above 0 and at most 1, such as 1/64', value);
    return { ratio };
  }
  if (name !== 'values' && name !== 'bytes') return undefined;
  const count = Number(value);
  if (!/^\d+$/.test(value) || count < 1 || count >= 2 ** 31)
    throw refusal(text, `${name}: a whole number ≥ 1`, value);
  return { [name]: count };
}

function optionIn(part: string, schema: OptionSchema, text: string): [name: string, value: OptionValue] {
  const [name, given = 'true'] = part.split('=', 2) as [string, string?];
  const option = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (!option) {
    const known = Object.keys(schema);
    throw refusal(
      text,
      `a size${known.length > 0 ? ` or an option among ${known.join(', ')}` : ', and no options'}`,
      part || 'nothing after a comma',
    );
  }
  const value = readValue(given);
  if (!option.accepts(value)) throw refusal(text, `${name}: ${option.expected}`, given);
  return [name, value];
}

function readValue(text: string): OptionValue {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^\d+(x\d+)*(\/\d+(x\d+)*)+$/.test(text))
    return text.split('/').map((list) => list.split('x').map(Number));
  if (/^\d+(x\d+)+$/.test(text)) return text.split('x').map(Number);
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function textOf(value: OptionValue): string {
  if (!Array.isArray(value)) return String(value);
  return value.map(textOf).join(value.some(Array.isArray) ? '/' : 'x');
}

function refusal(text: string, expected: string, actual: string): SpecError {
  return new SpecError({
    operation: `scheme ${JSON.stringify(text.slice(0, 80))}`,
    expected,
    actual: actual.slice(0, 80),
    remedy: '`funhash schemes` lists schemes and their options.',
  });
}
