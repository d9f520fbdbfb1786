import type { Model } from '@funhash/layers';
import { sizeOf } from '@funhash/tensor';
import { littleEndian } from './bytes.ts';
import { lowered } from './lower.ts';
import type { Network } from './network.ts';
import { type NetworkOptions, networkOf, networkRules } from './network-of.ts';
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
import { bitsOf, fewestCodes, levelsOf, packedCodes } from './values/levels.ts';
import { encodedModule, type Segment } from './wasm/binary.ts';
import { compiled } from './wasm/compile.ts';
import { mathFunctions } from './wasm/functions.ts';

export type WasmExportOptions = NetworkOptions;

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
  const given = await networkOf('toWasm', networkRules, model, options);
  const network = folded(withDecoded(given, 'smaller'), 'smaller');
  const operations = fused(lowered(network), network.output);
  const input = network.input.buffer;
  return moduleOf(network, transposed(staged(network.buffers, operations, input, 'load'), input));
}

const dialect: Dialect = { ...cDialect, vectors: true };

const sharing: Sharing = {
  kindOf: ({ array }) => array,
  parameter: (name) => `int ${name}`,
  argument: (place, first) => String(place.offset + first),
  inside: (name, { array }, relative) => ({ array, offset: relative === 0 ? name : `${name} + ${relative}` }),
};

/** Floats of each place of x that sums are put down in. */
const scratch = 16;

function moduleOf(network: Network, { buffers, start, run }: Staged): ExportedWasm {
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
  let codesLength = 0;
  const decoders: string[] = [];
  const segments: Segment[] = [];
  for (const [number, { values }] of buffers.entries()) {
    if (!values) continue;
    const found =
      values instanceof Float32Array && values.length >= fewestCodes ? levelsOf(values) : undefined;
    if (found) {
      const to = placeOf(number).offset;
      const { least, gap, step } = found;
      const said = [to, codesLength, values.length, bitsOf(found), gap, least, float(step)];
      decoders.push(`decode(${said.join(', ')});`);
      const packed = packedCodes(found);
      segments.push({ address: codesAt + codesLength, bytes: packed });
      codesLength += packed.length;
    } else segments.push({ address: addressOf(number), bytes: littleEndian(values) });
  }
  const { functions, bodies } = assembled([start, run], buffers, placeOf, dialect, sharing);
  const [startBody = '', runBody = ''] = bodies;
  const begins = decoders.length > 0 || startBody !== '';
  const own = [
    decoders.length > 0 ? decode : '',
    functions,
    begins ? `void start(void) {\n${decoders.join('\n')}\n${startBody}\n}` : '',
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
  } as const;
  const { functions: made, names } = compiled(source, arrays);
  // Decoders look at the byte behind a code, too.
  const memoryBytes = codesAt + codesLength + 1;
  const first = addressOf(output.buffer) + 4 * output.offset;
  return {
    bytes: encodedModule({
      functions: made,
      start: begins ? names.indexOf('start') : undefined,
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

const decode = `static void decode(int to, int from, int count, int bits, int gap, int least, float step) {
for (int i = 0; i < count; i++) {
const int at = i * bits;
const int p = from + (at >> 3);
const int pair = (b[p] & 255) | ((b[p + 1] & 255) << 8);
m[to + i] = (float)(((pair >> (at & 7)) & ((1 << bits) - 1)) * gap + least) * step;
}
}`;

const float = (value: number): string => cDialect.language.literal(value);
