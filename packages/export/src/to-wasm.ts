import { joinArrays, type OptionsOf } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { sizeOf, type TypedArray } from '@funhash/tensor';
import { littleEndian } from './bytes.ts';
import { lowered } from './lower.ts';
import type { Network, NetworkBuffer } from './network.ts';
import { networkOf, networkRules } from './network-of.ts';
import { withDecoded } from './passes/decode.ts';
import { folded } from './passes/fold.ts';
import { fused } from './passes/fuse.ts';
import { placed } from './passes/layout.ts';
import { keptBuffers, type Staged, staged } from './passes/start.ts';
import { transposed } from './passes/transpose.ts';
import { assembled, type Sharing } from './text/assemble.ts';
import { cDialect } from './text/c-dialect.ts';
import { withFloats } from './text/compact.ts';
import type { Dialect } from './text/dialect.ts';
import type { Place } from './text/kernel-text.ts';
import { codedLevels, type PlacedLevels, rowsOf, sizeRules, usedOf, type Values } from './values/coded.ts';
import { countersOf } from './values/coder/decoder-text.ts';
import { bitsOf, fewestCodes, type Levels, levelsOf, packedCodes } from './values/levels.ts';
import { encodedModule, type Segment } from './wasm/binary.ts';
import { compiled } from './wasm/compile.ts';
import { mathFunctions } from './wasm/functions.ts';

const rules = { ...networkRules, ...sizeRules } as const;

export type WasmExportOptions = OptionsOf<typeof rules>;

/** A network as a module of WebAssembly. */
export interface ExportedWasm {
  /** The module: it exports `memory`, the addresses `input` and `output`, and `predict`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: number;
  readonly outputs: number;
  /** Bytes of its memory that are in use. */
  readonly memoryBytes: number;
}

/**
 * A network as one module of WebAssembly with SIMD and without imports. It exports `memory`, `input` and `output` (globals: addresses of
 * the numbers), and `predict()`. Codes are decoded, and virtual matrices too, when the module is loaded. Equal networks give equal
 * files.
 *
 *     const { instance: { exports: e } } = await WebAssembly.instantiate(bytes);
 *     new Float32Array(e.memory.buffer, e.input.value, 784).set(pixels);
 *     e.predict();
 *     const scores = new Float32Array(e.memory.buffer, e.output.value, 10);
 *
 * Numbers of words outside of a table are read as its first or last row.
 *
 * @throws ArgumentError where the shape of the input is not known; PlanError where the network reads values while it
 * computes; ExportError for what modules have no form of here, such as f64
 */
export async function toWasm(model: Model, options: WasmExportOptions = {}): Promise<ExportedWasm> {
  const given = await networkOf('toWasm', rules, model, options);
  const network = folded(withDecoded(given, 'smaller'), 'smaller');
  const operations = fused(lowered(network), network.output);
  const input = network.input.buffer;
  const stages = transposed(staged(network.buffers, operations, input, 'load'), input);
  const dialect = dialects[options.code ?? 'fast'];
  const of = (values: Values): ExportedWasm => moduleOf(network, stages, values, dialect);
  if (options.values) return of(options.values);
  const [packed, coded] = [of('packed'), of('coded')];
  return coded.bytes.length < packed.bytes.length ? coded : packed;
}

const fast: Dialect = {
  ...cDialect,
  language: { ...cDialect.language, maximum: (a, b) => `larger(${a}, ${b})` },
  vectors: true,
};
const dialects = { fast, small: { ...fast, channels: 1, shares: true } };

const sharing: Sharing = {
  kindOf: ({ array }) => array,
  parameter: (name) => `int ${name}`,
  argument: (place, first) => String(place.offset + first),
  inside: (name, { array }, relative) => ({ array, offset: relative === 0 ? name : `${name} + ${relative}` }),
};

/** Floats of each place of x that sums are put down in. */
const scratch = 16;

function moduleOf(
  network: Network,
  { buffers, start, run }: Staged,
  kind: Values,
  dialect: Dialect,
): ExportedWasm {
  const { input, output } = network;
  const options = { kept: keptBuffers(buffers, start), output, input: input.buffer, align: 4 };
  const reals = placed(buffers, run, { dtype: 'f32', ...options });
  const words = placed(buffers, run, { dtype: 'i32', ...options });
  const wordsAt = 4 * reals.length;
  const scratchAt = wordsAt + 4 * words.length;
  const places = run.reduce((most, each) => Math.max(most, each.kind === 'product' ? each.xs.length : 1), 1);
  const codesAt = scratchAt + 4 * scratch * places;
  const placeOf = (number: number): Place => {
    const isWord = buffers[number]?.dtype === 'i32';
    const offset = (isWord ? words : reals).offsets.get(number) ?? 0;
    return { array: isWord ? 'w' : 'm', dtype: isWord ? 'i32' : 'f32', isShared: true, offset };
  };
  const addressOf = (number: number): number => {
    const { dtype, offset } = placeOf(number);
    return 4 * offset + (dtype === 'i32' ? wordsAt : 0);
  };
  const given = buffers.flatMap(({ values, used }, number): readonly Stored[] => {
    if (!values) return [];
    const own = used ? usedOf(values, used) : values;
    return [{ values, number, used, found: own instanceof Float32Array ? levelsOf(own) : undefined }];
  });
  const isCode = ({ values, found }: Stored): boolean =>
    found !== undefined && (kind === 'coded' || values.length >= fewestCodes);
  const codes = given.filter(isCode);
  const code = (kind === 'coded' ? codedValues : packedValues)(
    dialect,
    codes.map(({ number, found, used }) => ({
      found: found as Levels,
      used,
      offset: placeOf(number).offset,
    })),
  );
  const segments: Segment[] = [
    ...(code.bytes.length > 0 ? [{ address: codesAt, bytes: code.bytes }] : []),
    ...given
      .filter((stored) => !isCode(stored) && stored.values.some((value) => !Object.is(value, 0)))
      .map(({ number, values }) => ({ address: addressOf(number), bytes: littleEndian(values) })),
  ];
  const countersAt = Math.ceil((codesAt + code.bytes.length + 1) / 4) * 4;
  const { functions, bodies } = assembled([start, run], buffers, placeOf, dialect, sharing);
  const [startBody = '', runBody = ''] = bodies;
  const begins = code.calls !== '' || startBody !== '';
  const own = [
    code.functions,
    functions,
    begins ? `void start(void) {\n${code.calls}\n${startBody}\n}` : '',
    `void predict(void) {\n${runBody}\n}`,
  ].join('\n');
  const needed = Object.keys(mathFunctions).filter((name) =>
    new RegExp(`\\b${name}\\(`).test(name === 'sinf' ? own.replaceAll('cosf(', 'sinf(') : own),
  );
  const source = withFloats([...needed.map((name) => mathFunctions[name]), own].join('\n'));
  const arrays = {
    m: { address: 0, element: 'float' },
    w: { address: wordsAt, element: 'int' },
    z: { address: scratchAt, element: 'float' },
    b: { address: codesAt, element: 'byte' },
    h: { address: countersAt, element: 'int' },
  } as const;
  const { functions: made, names, states } = compiled(source, arrays);
  // Decoders look at the byte behind a code, too.
  const memoryBytes = code.counters === 0 ? codesAt + code.bytes.length + 1 : countersAt + 4 * code.counters;
  const first = addressOf(output.buffer) + 4 * output.offset;
  return {
    bytes: encodedModule({
      functions: made,
      start: begins ? names.indexOf('start') : undefined,
      states,
      exported: { predict: names.indexOf('predict') },
      globals: { input: addressOf(input.buffer), output: first },
      memoryBytes,
      segments,
    }),
    inputs: sizeOf(input.shape),
    outputs: sizeOf(output.shape),
    memoryBytes,
  };
}

interface Stored {
  readonly values: TypedArray;
  readonly number: number;
  readonly used: NetworkBuffer['used'];
  readonly found: Levels | undefined;
}

/** Codes of values: their bytes, the functions that read them, and calls of these. */
interface Code {
  readonly bytes: Uint8Array;
  readonly functions: string;
  readonly calls: string;
  /** Whole numbers that the functions need. */
  readonly counters: number;
}

const noCode: Code = { bytes: new Uint8Array(), functions: '', calls: '', counters: 0 };

/** Levels in the fewest bits of one width. */
function packedValues(_: Dialect, arrays: readonly PlacedLevels[]): Code {
  if (arrays.length === 0) return noCode;
  let length = 0;
  const calls = arrays.map((each) => {
    const { found, offset } = each;
    const { least, gap, step } = found;
    const said = [offset, 8 * length, ...rowsOf(each), bitsOf(found), gap, least, float(step)];
    length += packedCodes(found).length;
    return `decode(${said.join(', ')});`;
  });
  const bytes = joinArrays(
    Uint8Array,
    arrays.map(({ found }) => packedCodes(found)),
  );
  return { bytes, functions: unpack, calls: calls.join('\n'), counters: 0 };
}

/** Levels in one code of a range coder. */
function codedValues(dialect: Dialect, arrays: readonly PlacedLevels[]): Code {
  if (arrays.length === 0) return noCode;
  const { text, digits, coding, loadOf } = codedLevels(arrays, dialect, 256, '(b[i] & 255)');
  return {
    bytes: Uint8Array.from(digits),
    functions: text,
    calls: arrays.map((each) => loadOf(each, float(each.found.step))).join('\n'),
    counters: countersOf(coding),
  };
}

const unpack = `static void decode(int to, int at, int rows, int width, int apart, int bits, int gap, int least, float step) {
for (; rows > 0; rows -= 1) {
for (int i = 0; i < width; i++) {
const int p = at >> 3;
const int pair = (b[p] & 255) | ((b[p + 1] & 255) << 8);
m[to + i] = (float)(((pair >> (at & 7)) & ((1 << bits) - 1)) * gap + least) * step;
at += bits;
}
to += apart;
}
}`;

const float = (value: number): string => cDialect.language.literal(value);
