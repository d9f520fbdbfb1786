import { bytesPerElement, type DType, sizeOf } from '@funhash/tensor';
import { type BatchRunner, Predictor } from './predictor.ts';
import {
  arrayOn,
  inputShape,
  type PredictorFile,
  type ReadPredictorOptions,
  readFile,
  record,
  refuse,
  valuesOf,
} from './predictor-file.ts';

/** The place of an array in memory. */
interface Place {
  readonly address: number;
  readonly dtype: DType;
  readonly length: number;
  readonly shape: readonly number[];
}

/** Most pages of memory: 2 GiB. */
const mostPages = 2 ** 15;

/**
 * The predictor in a file, run by the WebAssembly code that stands in it: no kernel is compiled on the page. Code runs in the
 * memory of the predictor alone and is given nothing else.
 *
 * @throws UnpackError for a damaged file; PlanError for one without code, or with code that is not made by `predictorFile`;
 * what `WebAssembly` throws where a page or an engine refuses the code
 */
export async function readCompiledPredictor(
  bytes: Uint8Array | ArrayBuffer,
  options: ReadPredictorOptions = {},
): Promise<Predictor> {
  return compiledPredictor(readFile(bytes, options));
}

/** The predictor in a file that was opened. */
export async function compiledPredictor(file: PredictorFile): Promise<Predictor> {
  const code = record(file.head.code, 'a file with code');
  const pages = whole(code.pages, mostPages);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const all = new Uint8Array(memory.buffer);
  fill(all, list(code.segments), bytesOf(file, 'segments'));
  for (const [name, place] of Object.entries(record(code.states, 'states'))) {
    const own = placeOf(place, all.length);
    arrayOn(memory.buffer, own).set(valuesOf(file, name, own));
  }
  const modules: WebAssembly.Exports[] = [];
  for (let k = 0; k < whole(code.modules, 4096); k++) {
    const module = await WebAssembly.compile(bytesOf(file, `code.${k}`));
    modules.push((await WebAssembly.instantiate(module, { host: { memory } })).exports);
  }
  const parts: (() => number)[] = [];
  for (const [k, imports] of list(code.parts).entries()) {
    const f: Record<string, WebAssembly.ExportValue> = {};
    for (const [n, [module, name]] of (list(imports) as [number, string][]).entries())
      f[n] = modules[module]?.[name] ?? refuse('functions of its modules', name);
    const module = await WebAssembly.compile(bytesOf(file, `part.${k}`));
    const { run } = (await WebAssembly.instantiate(module, { f })).exports;
    parts.push(run as () => number);
  }
  const last = parts.pop() ?? refuse('code of a part', 'none');
  // All parts but the last depend on no input.
  for (const part of parts) part();
  const [input, output] = [placeOf(code.input, all.length), placeOf(code.output, all.length)];
  const runner: BatchRunner = {
    by: 'code',
    input: { shape: inputShape(file.head, input.length), data: arrayOn(memory.buffer, input) },
    output: { shape: output.shape, data: arrayOn(memory.buffer, output) },
    run: () => {
      if (last() > 0) refuse('whole numbers in range for indices', 'one beyond it');
    },
  };
  return new Predictor(runner, file.head.signature);
}

function fill(all: Uint8Array, segments: readonly unknown[], bytes: Uint8Array): void {
  let from = 0;
  for (const segment of segments) {
    const [address, length] = list(segment).map((value) => whole(value, all.length)) as [number, number];
    if (!(address + length <= all.length && from + length <= bytes.length))
      refuse('contents within its memory', segment);
    all.set(bytes.subarray(from, from + length), address);
    from += length;
  }
}

function bytesOf({ tensors }: PredictorFile, name: string): Uint8Array<ArrayBuffer> {
  const data = tensors.get(name)?.data;
  return data instanceof Uint8Array ? data.slice() : refuse(`bytes ${name}`, 'none');
}

function placeOf(value: unknown, bytes: number): Place {
  const { address, dtype, length, shape } = record(value, 'a place');
  const width = Object.hasOwn(bytesPerElement, dtype as DType) ? bytesPerElement[dtype as DType] : 0;
  const [at, count] = [whole(address, bytes), whole(length, bytes)];
  if (width === 0 || at % width > 0 || at + count * width > bytes) refuse('an array in its memory', at);
  const own = list(shape ?? [count]) as number[];
  if (sizeOf(own) !== count) refuse('the shape of an array', own);
  return { address: at, dtype: dtype as DType, length: count, shape: own };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuse('a list', value);
}

function whole(value: unknown, most: number): number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
    ? (value as number)
    : refuse(`a whole number up to ${most}`, value);
}
