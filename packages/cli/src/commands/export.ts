import { createContext, runInContext } from 'node:vm';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { saveBytes } from '@funhash/codec';
import { toC, toJavaScript, toOnnx, toWasm } from '@funhash/export';
import type { Module } from '@funhash/layers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { readInputs } from '../files/input-file.ts';
import { loadModel } from '../files/load-model.ts';
import { requireOther } from '../files/paths.ts';
import { grouped, type Output } from '../terminal/output.ts';

/** What an export is told. */
interface Asked {
  readonly weights?: 'decoded' | 'dense';
  readonly memory?: 'folded' | 'scan';
  readonly batch?: number | 'any';
  readonly numbers?: 'f32' | 'integer';
  readonly samples?: Float32Array | Int32Array;
  readonly input?: readonly number[];
  readonly values?: 'packed' | 'coded';
  readonly code?: 'fast' | 'small';
  readonly storeAs?: 'f32' | 'i2' | 'i3' | 'i4' | 'i5' | 'i6' | 'i7' | 'i8';
}

interface Exported {
  /** Contents of files by what their names end in; the first is the one that sizes are told of. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly inputs: number;
  readonly outputs: number;
  /** What else is to be told: of memory. */
  readonly notes?: readonly string[];
  /** The function of the file, where it can be run here. */
  predict?(): Promise<(input: Float32Array) => unknown> | ((input: Float32Array) => unknown);
}

interface WasmExports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  predict(): void;
}

type Form = (network: Module, asked: Asked) => Promise<Exported>;

/** What every form but ONNX may be told. */
type AskedOfCode = Omit<Asked, 'weights' | 'memory' | 'batch' | 'numbers' | 'samples'> & {
  readonly batch?: number;
};

/** Flags that one form alone takes. */
const ofOnnx = ['weights', 'memory'] as const;
const ofCode = ['values', 'code'] as const;
const ofC = ['numbers', 'samples'] as const;

function askedOfCode({
  weights: _,
  memory: __,
  numbers: ___,
  samples: ____,
  batch,
  ...asked
}: Asked): AskedOfCode {
  if (batch === 'any')
    throw new UsageError({
      operation: '--batch',
      expected: 'a whole number, or the form onnx',
      actual: batch,
      remedy: 'Files of code have memory for so many inputs.',
    });
  return { ...asked, ...(batch !== undefined && { batch }) };
}

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Forms by the name in --to. */
const forms: Readonly<Record<string, Form>> = {
  async js(network, given) {
    const asked = askedOfCode(given);
    const { script, types, ...sizes } = await toJavaScript(network, asked);
    return {
      ...sizes,
      files: { '.js': script, '.d.ts': types },
      async predict() {
        const { script } = await toJavaScript(network, { ...asked, form: 'script' });
        const context = createContext({ atob });
        runInContext(script, context);
        return context.predict;
      },
    };
  },
  async c(network, given) {
    const { numbers, samples } = given;
    const asked = { ...askedOfCode(given), ...(numbers && { numbers }), ...(samples && { samples }) };
    const { source, header, constantBytes, ramBytes, inputStep, outputStep, ...sizes } = await toC(
      network,
      asked,
    );
    const notes = [
      `flash: ${grouped(constantBytes)} bytes of values, and code; RAM: ${grouped(ramBytes)} bytes, and stack`,
      ...(numbers === 'integer' ? [`a one of x is worth ${inputStep}, a one of y ${outputStep}`] : []),
    ];
    return { ...sizes, notes, files: { '.c': source, '.h': header } };
  },
  async wasm(network, given) {
    const asked = askedOfCode(given);
    const { bytes, memoryBytes, ...sizes } = await toWasm(network, asked);
    const { script } = await toJavaScript(network, asked);
    return {
      ...sizes,
      notes: [
        `memory: ${grouped(memoryBytes)} bytes`,
        `for pages whose policy forbids WebAssembly: a script of ${grouped(script.length)} bytes, gzip ${grouped(gzipSync(script, { level: 9 }).length)}`,
      ],
      files: { '.wasm': bytes, '.js': script },
      async predict() {
        const { instance } = await WebAssembly.instantiate(bytes);
        const { memory, input, predict } = instance.exports as unknown as WasmExports;
        return (values) => {
          new Float32Array(memory.buffer, input.value, values.length).set(values);
          predict();
        };
      },
    };
  },
  async onnx(network, { values: _, code: __, numbers: ___, samples: ____, ...asked }) {
    const { bytes, nodes, ...sizes } = await toOnnx(network, asked);
    return { ...sizes, notes: [`${grouped(nodes)} nodes`], files: { '.onnx': bytes } };
  },
};

interface ExportFlags extends Omit<Asked, 'samples'> {
  readonly samples?: string;
  readonly to: string;
  readonly out?: string;
  readonly json?: true;
}

/** Makes `funhash export`: a model file as one file that needs no library. */
export function exportCommand({ line }: Output): Command {
  return new Command('export')
    .summary('a model as one file that needs no library')
    .description(
      'Writes a model file as one file that needs no library: weights, their decoder, kernels, and a function predict.\n' +
        'Tells its bytes, as they are and compressed, and the time of a prediction.',
    )
    .argument('<model>', 'a model file')
    .addOption(
      new Option('--to <form>', 'the form of the file').choices(Object.keys(forms)).makeOptionMandatory(),
    )
    .option(
      '-o, --out <file>',
      'the file to write (default: the name of the model with the ending of the form)',
    )
    .addOption(
      new Option('--store-as <format>', 'codes that stored values are rounded to').choices([
        'f32',
        ...Array.from({ length: 7 }, (_, k) => `i${k + 2}`),
      ]),
    )
    .option('--input <shape>', 'shape of one input, such as 28,28,1 (default: that of the model)', shapeOf)
    .addOption(
      new Option('--weights <how>', 'of ONNX: decoded by nodes of the graph, or dense').choices([
        'decoded',
        'dense',
      ]),
    )
    .addOption(
      new Option(
        '--memory <how>',
        'of ONNX: decoded matrices whole in memory, or block by block at each run (default: folded)',
      ).choices(['folded', 'scan']),
    )
    .option('--batch <n>', 'inputs of one call; of ONNX, any: as many as there are (default: 1)', batchOf)
    .addOption(
      new Option(
        '--values <how>',
        'values in codes: packed, or coded by a range coder (default: the shorter; of C, packed)',
      ).choices(['packed', 'coded']),
    )
    .addOption(
      new Option(
        '--code <how>',
        'kernels written out for their shapes, or few for all (default: fast)',
      ).choices(['fast', 'small']),
    )
    .addOption(
      new Option(
        '--numbers <how>',
        'of C: f32, or whole numbers for chips that have no arithmetic of reals (default: f32)',
      ).choices(['f32', 'integer']),
    )
    .option('--samples <file>', 'PNG, IDX or JSON of inputs, on which ranges of whole numbers are measured')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ funhash export model.safetensors --to js --store-as i6')
    .action(async (path: string, { to, out, json, samples: source, ...given }: ExportFlags) => {
      const network = await loadModel(path);
      const samples = source === undefined ? undefined : await samplesIn(source, network, given.input);
      const flags: Asked = { ...given, ...(samples && { samples }) };
      for (const name of ofOnnx)
        if (flags[name] && to !== 'onnx')
          throw new UsageError({ operation: `--${name}`, expected: 'the form onnx', actual: to });
      for (const name of ofC)
        if (flags[name] && to !== 'c')
          throw new UsageError({ operation: `--${name}`, expected: 'the form c', actual: to });
      for (const name of ofCode)
        if (flags[name] && to === 'onnx')
          throw new UsageError({ operation: `--${name}`, expected: 'the form js, wasm or c', actual: to });
      const { files, inputs, outputs, notes = [], predict } = await (forms[to] as Form)(network, flags);
      const [[ending, main] = ['', '']] = Object.entries(files);
      const target = out ?? path.replace(/(\.safetensors)?$/, ending);
      const stem = target.replace(/\.[^./\\]*$/, '');
      const written = Object.entries(files).map(
        ([end, contents]) => [end === ending ? target : `${stem}${end}`, contents] as const,
      );
      if (new Set(written.map(([name]) => name)).size < written.length)
        throw new UsageError({
          operation: '--out',
          expected: `a name that ends in ${ending}`,
          actual: target,
          remedy: 'Other files stand beside it, by its name and other endings.',
        });
      for (const [name] of written) await requireOther(name, 'the model', path);
      for (const [name, contents] of written)
        await saveBytes(name, typeof contents === 'string' ? encoded(contents) : contents);
      const bytes = typeof main === 'string' ? encoded(main) : main;
      const sizes = {
        bytes: bytes.length,
        gzipBytes: gzipSync(bytes, { level: 9 }).length,
        brotliBytes: brotliCompressSync(bytes).length,
      };
      const predictMs = predict && timed(await predict(), inputs);
      if (json)
        return line(
          JSON.stringify({ path: target, form: to, inputs, outputs, ...sizes, predictMs, notes }, null, 2),
        );
      line(
        `${target}: ${grouped(sizes.bytes)} bytes, gzip ${grouped(sizes.gzipBytes)}, brotli ${grouped(sizes.brotliBytes)}`,
      );
      line(
        `${grouped(inputs)} numbers in, ${grouped(outputs)} out${predictMs === undefined ? '' : `, ${predictMs.toPrecision(3)} ms a prediction`}`,
      );
      for (const note of notes) line(note);
      for (const [name] of written.slice(1)) line(`beside it: ${name}`);
    });
}

/** Samples from which ranges are taken. */
const mostSamples = 100;

async function samplesIn(path: string, { signature }: Module, input: Asked['input']) {
  const shape = input ?? signature?.input;
  if (!shape)
    throw new UsageError({
      operation: '--samples',
      expected: 'a model that says the shape of its inputs',
      actual: 'one without a signature',
      remedy: 'Say it: --input 28,28,1.',
    });
  const { values } = await readInputs(path, { ...signature, input: shape }, {});
  return values.slice(0, mostSamples * shape.reduce((size, extent) => size * extent, 1));
}

function batchOf(text: string): number | 'any' {
  const count = Number(text);
  if (text === 'any') return text;
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError('Expected a whole number ≥ 1, or any.');
  return count;
}

function shapeOf(text: string): readonly number[] {
  const shape = text.split(',').map(Number);
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 1))
    throw new InvalidArgumentError('Expected whole numbers ≥ 1, such as 28,28,1.');
  return shape;
}

// Until the engine has compiled it.
const warmUpMs = 800;
const rounds = 9;
const roundMs = 20;

/** Milliseconds of a call: the median of rounds, behind a warm-up. */
function timed(predict: (input: Float32Array) => unknown, inputs: number): number {
  const input = new Float32Array(inputs);
  const during = (ms: number): number => {
    const start = performance.now();
    let calls = 0;
    do {
      predict(input);
      calls++;
    } while (performance.now() - start < ms);
    return (performance.now() - start) / calls;
  };
  during(warmUpMs);
  const times = Array.from({ length: rounds }, () => during(roundMs)).sort((a, b) => a - b);
  return times[(rounds - 1) / 2] as number;
}
