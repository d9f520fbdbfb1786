import { languages } from '@funhash/codegen';
import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { sizeOf, type TypedArray } from '@funhash/tensor';
import { lowered } from './lower.ts';
import type { Network } from './network.ts';
import { networkOf, networkRules } from './network-of.ts';
import { type Operation, viewsOf } from './operations.ts';
import { withDecoded } from './passes/decode.ts';
import { folded } from './passes/fold.ts';
import { fused } from './passes/fuse.ts';
import { type Integers, withIntegers } from './passes/integer.ts';
import { placed } from './passes/layout.ts';
import { rangesOn } from './passes/ranges.ts';
import { keptBuffers, type Staged, staged } from './passes/start.ts';
import { assembled, type Sharing } from './text/assemble.ts';
import { cDialect } from './text/c-dialect.ts';
import { withFloats } from './text/compact.ts';
import type { Dialect } from './text/dialect.ts';
import type { Place } from './text/kernel-text.ts';
import { rowsInTurn } from './text/streamed-product.ts';
import { wholeFunctions } from './text/sums.ts';
import { sizeRules, type Values } from './values/coded.ts';
import { countersOf, decoderText, startOf } from './values/coder/decoder-text.ts';
import { type Coding, codingOf, encodedLevels } from './values/coder/encode-levels.ts';
import { bitsOf, fewestCodes, levelsOf, packedCodes } from './values/levels.ts';

const rules = {
  ...networkRules,
  ...sizeRules,
  /**
   * Numbers between products: `f32` (default), or `integer`: whole ones of 16 bits, each array to a step of its own, a power of two, with sums of 32 bits
   * where weights are codes, for chips that have no arithmetic of reals. Takes `samples`.
   */
  numbers: option.oneOf(['f32', 'integer']),
  /** Inputs, one behind the other, on which the ranges of whole numbers are measured. */
  samples: option.that<ArrayLike<number>>(
    'numbers of inputs, one behind the other',
    (value) => Array.isArray(value) || value instanceof Float32Array || value instanceof Int32Array,
  ),
  /** Name of the function, and what other names in the file begin with. Default `predict`. */
  name: option.that<string>(
    'the name of a function of C, of letters, digits and _',
    (value) => typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,30}$/.test(value),
  ),
} as const;

export type COptions = OptionsOf<typeof rules>;

/** A network as a file of C. */
export interface ExportedC {
  /** The file: C99, without a heap, and nothing included but <stdint.h> and <math.h>. */
  readonly source: string;
  /** The declaration of its function, for a header. */
  readonly header: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Bytes of stored values, which lie in flash; code comes on top. */
  readonly constantBytes: number;
  /** Bytes of memory between input and output. The stack takes some numbers more. */
  readonly ramBytes: number;
  /** What a one of an input and of an output is worth: 1, or with whole numbers a power of two. */
  readonly inputStep: number;
  readonly outputStep: number;
}

/**
 * A network as one file of C99 for chips: no heap, no library. Virtual matrices are decoded entry by entry where they are used and
 * are never in memory; what follows a product at once (bias, activation, pooling) is done before its result is stored. Codes lie packed in
 * flash, and are multiplied by their step once a sum. Equal networks give equal files.
 *
 *     void predict(const float *x, float *y);
 *
 * Words outside of a matrix are read as its first or last row.
 *
 * With `numbers: 'integer'` the numbers are `int16_t`, of steps that the file and the answer state, and ones beyond ±32767 steps become that. A product with a matrix
 * of codes, its bias, relu and maximum then take no reals; what else there is takes them, element by element.
 *
 * @throws ArgumentError where the shape of the input is not known, or samples are missing; PlanError where the network reads values while it
 * computes; ExportError for what C has no form of here, such as f64, or masks as whole numbers
 */
export async function toC(model: Model, options: COptions = {}): Promise<ExportedC> {
  checkOptions('toC', rules, options);
  const given = await networkOf('toC', rules, model, options);
  const { name = 'predict', numbers = 'f32', samples } = options;
  const network = folded(withDecoded(given, 'smaller'), 'unused');
  const operations = fused(lowered(network), network.output);
  const stages = staged(network.buffers, operations, network.input.buffer, 'use');
  // What no product takes as a matrix is made anew for each input: there is no place for it in flash.
  const run = [...stages.start, ...stages.run];
  const made =
    numbers === 'integer'
      ? withIntegers(
          stages.buffers,
          run,
          rangesOn(network, samplesOf(network, samples)),
          network.output.buffer,
        )
      : { buffers: stages.buffers, operations: run, steps: new Map<number, number>() };
  return sourceOf(network, made, name, options.values ?? 'packed', dialects[options.code ?? 'fast']);
}

/** Samples of whole inputs. @throws ArgumentError where there are none */
function samplesOf({ input }: Network, samples: ArrayLike<number> = []): ArrayLike<number> {
  const size = sizeOf(input.shape);
  if (samples.length > 0 && samples.length % size === 0) return samples;
  throw new ArgumentError({
    operation: 'toC',
    expected: `samples of ${size} numbers each`,
    actual: `${samples.length} numbers`,
    remedy: 'Give some inputs, such as a hundred of those of training: { numbers: "integer", samples }.',
  });
}

const dialects: Readonly<Record<'fast' | 'small', Dialect>> = {
  fast: cDialect,
  small: { ...cDialect, channels: 1, shares: true },
};

/** Levels of matrices that are read once, row by row, in the order of their products: in one code. */
interface Stream {
  readonly steps: ReadonlyMap<number, number>;
  readonly longest: number;
  readonly coding: Coding;
  readonly digits: readonly number[];
}

function streamOf(buffers: Staged['buffers'], run: readonly Operation[]): Stream | undefined {
  const readers = new Map<number, number>();
  for (const operation of run)
    for (const { buffer } of viewsOf(operation).reads) readers.set(buffer, (readers.get(buffer) ?? 0) + 1);
  const steps = new Map<number, number>();
  const arrays: Int32Array[] = [];
  let longest = 0;
  for (const operation of run) {
    const weight = operation.kind === 'product' ? rowsInTurn(operation) : undefined;
    const values = weight && buffers[weight.buffer]?.values;
    if (!weight || !(values instanceof Float32Array) || readers.get(weight.buffer) !== 1) continue;
    const found = values.length === sizeOf(weight.shape) ? levelsOf(values) : undefined;
    if (!found) continue;
    steps.set(weight.buffer, found.step);
    arrays.push(found.levels);
    longest = Math.max(longest, weight.shape.at(-1) as number);
  }
  if (arrays.length === 0) return undefined;
  const coding = codingOf(arrays, 256);
  return { steps, longest, coding, digits: encodedLevels(arrays, coding) };
}

/** The code of matrices, its decoder, and `next(q, n)`, which puts so many levels into q. */
const streamText = ({ digits, coding }: Stream): readonly string[] => [
  `static const uint8_t t[] = {${digits.join()}};`,
  `static uint8_t h[${countersOf(coding)}];`,
  decoderText(cDialect, coding, 't[i]'),
  'static void next(int8_t *q, int n) { for (int j = 0; j < n; j++) q[j] = (int8_t)level(); }',
];

/** What a prediction begins with: the decoder in front of the first digit. */
const rewound = ({ coding }: Stream): string =>
  Object.entries(startOf(coding))
    .map(([state, value]) => `${state} = ${value};`)
    .join(' ');

const ones =
  'static int ones(uint32_t z) { z -= (z >> 1) & 0x55555555u; z = (z & 0x33333333u) + ((z >> 2) & 0x33333333u); return (int)((((z + (z >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24); }';

const elementOf = ({ dtype, fixed }: Place): string =>
  dtype === 'i32' ? 'int32_t' : fixed === undefined ? 'float' : 'int16_t';

const isConstant = ({ array, isShared }: Place): boolean => !isShared && array !== 'y';

const sharing: Sharing = {
  kindOf: (place) => `${elementOf(place)} ${isConstant(place)}`,
  parameter: (name, place) => `${isConstant(place) ? 'const ' : ''}${elementOf(place)} *${name}`,
  argument: ({ array, offset }, first) => (offset + first === 0 ? array : `${array} + ${offset + first}`),
  inside: (name, _, relative) => ({ array: name, offset: String(relative) }),
};

/** Constants of the file: their declarations, and where they lie. */
class Constants {
  readonly declarations: string[] = [];
  readonly #widths = new Set<number>();
  bytes = 0;

  place(values: TypedArray, number: number): Place {
    if (!(values instanceof Float32Array)) {
      this.bytes += 4 * values.length;
      this.declarations.push(`static const int32_t d${number}[] = {${[...values].join()}};`);
      return { array: `d${number}`, dtype: 'i32', offset: 0, isShared: false };
    }
    const array = `s${number}`;
    const found = values.length >= fewestCodes ? levelsOf(values) : undefined;
    if (!found) {
      this.bytes += 4 * values.length;
      const list = Array.from(values, (value) => languages.c.literal(value)).join();
      this.declarations.push(`static const float ${array}[] = {${list}};`);
      return { array, dtype: 'f32', offset: 0, isShared: false };
    }
    const { least, gap, step } = found;
    const bits = bitsOf(found);
    const packed = packedCodes(found);
    this.bytes += packed.length;
    this.#widths.add(bits);
    this.declarations.push(`static const uint8_t ${array}[] = {${packed.join()}};`);
    return {
      array,
      dtype: 'f32',
      offset: 0,
      isShared: false,
      codes: {
        read: (index) =>
          `(code${bits}(${array}, ${index})${gap === 1 ? '' : ` * ${gap}`} ${least < 0 ? '-' : '+'} ${Math.abs(least)})`,
        step: languages.c.literal(step),
      },
    };
  }

  /** Functions that read codes. */
  get readers(): readonly string[] {
    return [...this.#widths]
      .sort((a, b) => a - b)
      .map((bits) =>
        bits === 8
          ? 'static int code8(const uint8_t *a, int k) { return a[k]; }'
          : `static int code${bits}(const uint8_t *a, int k) { k *= ${bits}; a += k >> 3; return (int)(((a[0] | (uint32_t)a[1] << 8) >> (k & 7)) & ${2 ** bits - 1}u); }`,
      );
  }
}

function sourceOf(
  network: Network,
  { buffers, operations: run, steps }: Integers,
  name: string,
  values: Values,
  dialect: Dialect,
): ExportedC {
  const { input, output } = network;
  const kept = keptBuffers(buffers, []);
  const isDirect =
    output.buffer !== input.buffer &&
    !kept.has(output.buffer) &&
    output.offset === 0 &&
    buffers[output.buffer]?.length === sizeOf(output.shape);
  const apart = new Set([input.buffer, ...(isDirect ? [output.buffer] : [])]);
  const inMemory = buffers.map((buffer, number) =>
    apart.has(number) || kept.has(number) ? { ...buffer, length: 0 } : buffer,
  );
  const options = { kept, output, input: input.buffer };
  const reals = placed(inMemory, run, { dtype: 'f32', ...options });
  const words = placed(inMemory, run, { dtype: 'i32', ...options });
  const constants = new Constants();
  const stream = values === 'coded' ? streamOf(buffers, run) : undefined;
  const apartPlace = (array: string, dtype: 'f32' | 'i32', number: number): Place => ({
    array,
    dtype,
    offset: 0,
    isShared: false,
    fixed: steps.get(number),
  });
  const places = buffers.map((buffer, number): Place => {
    const dtype = buffer.dtype === 'i32' ? 'i32' : 'f32';
    if (number === input.buffer) return apartPlace('x', dtype, number);
    const step = stream?.steps.get(number);
    if (stream && step !== undefined)
      return {
        ...apartPlace('t', dtype, number),
        codes: { read: () => '', step: languages.c.literal(step) },
        longestRow: stream.longest,
      };
    if (buffer.values) return constants.place(buffer.values, number);
    if (isDirect && number === output.buffer) return apartPlace('y', dtype, number);
    const offset = (dtype === 'i32' ? words : reals).offsets.get(number) ?? 0;
    return { array: dtype === 'i32' ? 'w' : 'm', dtype, isShared: true, offset, fixed: steps.get(number) };
  });
  const placeOf = (number: number): Place => places[number] as Place;
  const { functions, bodies } = assembled([run], buffers, placeOf, dialect, sharing);
  const types = [elementOf(placeOf(input.buffer)), elementOf(placeOf(output.buffer))] as const;
  const element = steps.size > 0 ? 'int16_t' : 'float';
  const [inputs, outputs] = [sizeOf(input.shape), sizeOf(output.shape)];
  const ramBytes =
    (steps.size > 0 ? 2 : 4) * reals.length +
    4 * words.length +
    (stream ? countersOf(stream.coding) + 4 * Object.keys(startOf(stream.coding)).length : 0);
  const constantBytes = constants.bytes + (stream ? stream.digits.length : 0);
  const declaration = `void ${name}(const ${types[0]} *x, ${types[1]} *y)`;
  const last = isDirect ? '' : copyOut(placeOf(output.buffer), output.offset, outputs);
  const body = [stream ? rewound(stream) : '', ...bodies, last, '(void)x;']
    .filter((part) => part !== '')
    .join('\n');
  const own = [
    ...constants.declarations,
    reals.length > 0 ? `static ${element} m[${reals.length}];` : '',
    words.length > 0 ? `static int32_t w[${words.length}];` : '',
    ...constants.readers,
    ...(stream ? streamText(stream) : []),
    ...Object.entries({ ones, ...wholeFunctions }).map(([own, text]) =>
      new RegExp(`\\b${own}\\(`).test(functions + body) ? text : '',
    ),
    functions,
    `${declaration} {\n${body}\n}`,
  ].filter((part) => part !== '');
  const said = [
    ...(steps.size > 0
      ? [
          `/* Whole numbers: a one of x is worth ${placeOf(input.buffer).fixed ?? 1}, a one of y ${placeOf(output.buffer).fixed ?? 1}. */`,
        ]
      : []),
    `/* ${inputs} numbers in, ${outputs} out. Flash: ${constantBytes} bytes of values, and code. RAM: ${ramBytes} bytes, and stack. */`,
    // Not everywhere: compilers for chips come without a library.
    ...(/\b(INFINITY|NAN|[a-z]+f\()/.test(own.join()) ? ['#include <math.h>'] : []),
    '#include <stdint.h>',
  ];
  return {
    source: `${[...said, renamed(withFloats(own.join('\n')), name)].join('\n')}\n`,
    header: `#include <stdint.h>\n${declaration};\n`,
    inputs,
    outputs,
    constantBytes,
    ramBytes,
    inputStep: placeOf(input.buffer).fixed ?? 1,
    outputStep: placeOf(output.buffer).fixed ?? 1,
  };
}

const copyOut = ({ array, offset, codes }: Place, first: number, count: number): string => {
  const at = `k + ${offset + first}`;
  const value = codes ? `(float)${codes.read(at)} * ${codes.step}` : `${array}[${at}]`;
  return `for (int k = 0; k < ${count}; k++) y[k] = ${value};`;
};

/** Names of the file behind that of its function, so that two networks go into one program as one file. */
const renamed = (text: string, name: string): string =>
  text.replace(
    /\b(m|w|t|h|ones|larger|fit|fixed|bit|level|fresh|next|[cipr]|[sdefg]\d+|code\d)\b/g,
    `${name}_$1`,
  );
