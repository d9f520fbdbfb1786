import {
  ArgumentError,
  checkOptions,
  FunhashError,
  nearestName,
  type OptionsOf,
  option,
  quoted,
} from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { Tensor } from '@funhash/tensor';
import type { NumberArray } from './array.ts';
import { Builder } from './builder.ts';
import { type Extent, fixed } from './extent.ts';
import { folds, known } from './fold.ts';
import { ImportError } from './import-error.ts';
import { inputOrder } from './input-order.ts';
import { Context } from './lower/context.ts';
import { rules as lowerings } from './lower/rules.ts';
import { Node } from './node.ts';
import { decodeTensor, kindOfType } from './onnx/decode-tensor.ts';
import { joinLayerNorms } from './onnx/join-layer-norms.ts';
import { type OnnxGraph, type OnnxModel, type OnnxNode, type OnnxValue, readOnnx } from './onnx/read-onnx.ts';
import { channelsLast, type Flow, identity, isKnown, isOrder, type Known, type Value } from './value.ts';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isExtents = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= 16 &&
  value.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 31);

const rules = {
  /** The input that the network takes. Default: the first one that is neither a weight nor among `values`. */
  input: option.text(),
  /** The output that the network gives. Default: the first one. */
  output: option.text(),
  /** Values of all further inputs, by name. Default none. */
  values: option.that<Readonly<Record<string, Tensor>>>(
    'a record of tensors, by names of inputs',
    (value) => isRecord(value) && Object.values(value).every((each) => each instanceof Tensor),
  ),
  /** Shapes of inputs as the file means them, by name, in place of those that it says or leaves free. */
  shapes: option.that<Readonly<Record<string, readonly number[]>>>(
    'a record of shapes such as { input: [1, 3, 224, 224] }',
    (value) => isRecord(value) && Object.values(value).every(isExtents),
  ),
};

/** Options of `importOnnx`. */
export type ImportOnnxOptions = OptionsOf<typeof rules>;

/** What an imported network takes or gives. */
export interface ImportedPort {
  /** Its name in the file. */
  readonly name: string;
  /** Extents here, the batch first and channels last; free ones by name. */
  readonly shape: readonly (number | string)[];
  /** Axis k here is axis `order[k]` in the file: [0, 2, 3, 1] where NCHW became NHWC. */
  readonly order: readonly number[];
}

/** A network of an ONNX file. */
export interface ImportedNetwork {
  /** Layers one after the other, or a `Graph`. */
  readonly network: Module;
  readonly input: ImportedPort;
  readonly output: ImportedPort;
}

/**
 * The network in an ONNX file, as layers: their weights can be compressed, trained, saved. Images are channels last here:
 * the network takes [B, H, W, C] where the file says [B, C, H, W], and weights are put in that order; sequences are batch
 * first. `input` and `output` say how. The batch is free, also where the file fixes it. The file is taken as hostile.
 *
 *     const { network } = importOnnx(await readFile('model.onnx'));
 *
 * @param bytes the content of an .onnx file, of operators of version 7 or later
 * @throws ImportError for damaged files, and for nodes that cannot become layers, with their names and what to do
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): ImportedNetwork {
  checkOptions('importOnnx', rules, options);
  const model = readOnnx(bytes);
  const file = new OnnxFile(model, options, bytes.byteLength);
  try {
    return file.network(true);
  } catch (error) {
    if (!(error instanceof FunhashError)) throw error;
    // What is no batch cannot be free: a file that fixes its first extent may mean it so.
    if (!file.hasFixedBatch) throw asImportError(error);
    try {
      return file.network(false);
    } catch {
      throw asImportError(error);
    }
  }
}

/** Layers refuse what a damaged file asks of them: in the words of an import. */
const asImportError = (error: FunhashError): FunhashError =>
  error instanceof ImportError ? error : wrapped(error);

const wrapped = (error: FunhashError): ImportError =>
  new ImportError(
    { ...error.details, operation: `importOnnx, ${error.details.operation}` },
    { cause: error },
  );

/** Extents of free axes in the pass that is imported: primes, so that none is taken for another. */
const freeExtents = [11, 127, 131, 137, 139, 149, 151, 157];

class OnnxFile {
  readonly #graph: OnnxGraph;
  readonly #options: ImportOnnxOptions;
  readonly #weights: ReadonlyMap<string, Known>;
  readonly #opset: number;
  readonly #nodes: readonly OnnxNode[];
  readonly #input: OnnxValue;
  readonly #output: string;
  readonly #read = new Map<string, number>();
  readonly #most: number;

  constructor(model: OnnxModel & { readonly graph: OnnxGraph }, options: ImportOnnxOptions, length: number) {
    const { graph } = model;
    this.#graph = graph;
    this.#options = options;
    // Constants of a file stand in it: what is made of them may be a few times larger.
    this.#most = 2 ** 21 + 4 * length;
    this.#opset = model.opsets.get('') ?? model.opsets.get('ai.onnx') ?? 0;
    const weights = new Map<string, Known>();
    const taken = new Set(Object.keys(options.values ?? {}));
    for (const tensor of graph.initializers)
      if (!taken.has(tensor.name)) weights.set(tensor.name, { known: decodeTensor(tensor), isWeight: true });
    this.#weights = weights;
    this.#checkNames();
    this.#input = this.#chosenInput();
    this.#output = this.#chosenOutput();
    const scalar = (name: string): number | undefined => {
      const value = this.#constant(name);
      return value?.data.length === 1 ? value.data[0] : undefined;
    };
    const constants = new Set(
      graph.nodes.filter(({ op }) => op === 'Constant').flatMap(({ outputs }) => outputs),
    );
    const isConstant = (name: string): boolean => weights.has(name) || constants.has(name);
    this.#nodes = this.#needed(joinLayerNorms(graph.nodes, scalar, isConstant), model.functions);
    for (const { inputs } of this.#nodes)
      for (const name of inputs) this.#read.set(name, (this.#read.get(name) ?? 0) + 1);
    this.#read.set(this.#output, (this.#read.get(this.#output) ?? 0) + 1);
  }

  /** Whether the file says how many examples a pass has. */
  get hasFixedBatch(): boolean {
    const first = this.#shape[0];
    return typeof first === 'number';
  }

  get #shape(): readonly (number | string | undefined)[] {
    const { name, shape } = this.#input;
    return (
      this.#options.shapes?.[name] ??
      shape ??
      this.#refuse(
        `the shape of input ${quoted(name)}`,
        'none in the file',
        `Give it: importOnnx(bytes, { shapes: { ${quoted(name)}: […] } }).`,
      )
    );
  }

  /** @param isBatchFree whether the first extent is free though the file says a number */
  network(isBatchFree: boolean): ImportedNetwork {
    const shape = this.#extents(isBatchFree);
    const order = inputOrder(this.#nodes, this.#input.name, shape.length);
    const builder = new Builder(order.map((axis) => shape[axis] as Extent));
    const context = new Context(builder, new Set(this.#read.keys()));
    const values = this.#startValues();
    const kind = kindOfType(this.#input.type) ?? 'float';
    values.set(this.#input.name, { place: 0, shape, order, kind });
    if ((this.#read.get(this.#input.name) ?? 0) > 1) context.shared.add(0);
    let made = 0;
    const spend = (count: number): void => {
      made += Number.isNaN(count) ? this.#most : count;
      if (made > this.#most)
        this.#refuse(
          'fewer constants',
          `${made} values made of those in the file`,
          'Simplify the model before, for instance with onnxsim.',
        );
    };
    for (const each of this.#nodes) {
      const node = new Node(each, this.#opset);
      const inputs = node.inputs.map((name) => {
        if (name === '') return undefined;
        const value = values.get(name) ?? node.refuse(`a value ${quoted(name)}`, 'none', this.#missing(name));
        if (!isKnown(value) && (this.#read.get(name) ?? 0) > 1) context.shared.add(value.place);
        return value;
      });
      const outputs = this.#lowered(node, inputs, context, spend);
      outputs.forEach((value, k) => {
        const name = node.outputs[k];
        if (value && name) values.set(name, value);
      });
    }
    return this.#finished(
      values,
      context,
      { name: this.#input.name, shape: ports(shape, order), order },
      shape,
    );
  }

  #lowered(
    node: Node,
    inputs: (Value | undefined)[],
    context: Context,
    spend: (count: number) => void,
  ): readonly (Value | undefined)[] {
    if (node.op === 'Constant') return [constantOf(node)];
    if (inputs.every((value) => value === undefined || isKnown(value)) && Object.hasOwn(folds, node.op)) {
      const fold = folds[node.op] as (typeof folds)[string];
      if (inputs[0] === undefined) node.refuse('a first input', 'none', 'The file is damaged.');
      const value = fold(node, inputs as (Known | undefined)[], spend);
      if (value) return [value];
    }
    const rule = Object.hasOwn(lowerings, node.op) ? lowerings[node.op] : undefined;
    if (!rule) {
      const nearest = nearestName(node.op, Object.keys(lowerings));
      return node.refuse(
        'an op that layers can do',
        node.op,
        node.hasGraph
          ? 'Control flow is not imported: export the model without it.'
          : nearest
            ? `Write it with other ops, or with ${nearest} if that is meant.`
            : `Write it with other ops before exporting; known ones are ${Object.keys(lowerings).length}, among them Conv, Gemm, MatMul, LSTM.`,
      );
    }
    return rule(node, inputs, context);
  }

  #finished(
    values: ReadonlyMap<string, Value>,
    context: Context,
    input: ImportedPort,
    shape: readonly Extent[],
  ): ImportedNetwork {
    const value = values.get(this.#output);
    if (!value || isKnown(value))
      return this.#refuse(
        'an output that follows the input',
        `${quoted(this.#output)}, which is ${value ? 'constant' : 'not made'}`,
      );
    const flow: Flow = value.columns ? context.plain(value) : value;
    const rank = flow.shape.length;
    const batch = shape[0]?.of;
    const isNatural =
      isOrder(flow.order, identity(rank)) ||
      (rank >= 3 && isOrder(flow.order, channelsLast(rank))) ||
      (batch !== undefined && flow.shape[flow.order[0] as number]?.of === batch);
    const result = isNatural ? flow : context.plain(flow);
    const network = context.builder.network(result.place);
    const own = input.shape.slice(1);
    if (own.length > 0 && own.every((n) => typeof n === 'number' && n >= 1)) {
      const isWhole = kindOfType(this.#input.type) === 'int' && this.#isOfPlaces;
      network.signature = { input: own as number[], ...(isWhole && { dtype: 'i32' as const }) };
    }
    return {
      network,
      input,
      output: { name: this.#output, shape: ports(flow.shape, result.order), order: result.order },
    };
  }

  /** Whether the input is nothing but numbers of rows. */
  get #isOfPlaces(): boolean {
    const { name } = this.#input;
    return this.#nodes.every(
      ({ op, inputs }) => !inputs.includes(name) || (op === 'Gather' && inputs[0] !== name),
    );
  }

  #extents(isBatchFree: boolean): Extent[] {
    let free = 0;
    return this.#shape.map((extent, axis) => {
      if (typeof extent === 'number' && extent >= 0)
        return axis === 0 && isBatchFree ? { n: extent, of: 'batch' } : fixed(extent);
      const n = freeExtents[axis === 0 ? 0 : 1 + (free++ % (freeExtents.length - 1))] as number;
      return { n, of: axis === 0 ? 'batch' : typeof extent === 'string' && extent ? extent : `axis ${axis}` };
    });
  }

  #startValues(): Map<string, Value> {
    const values = new Map<string, Value>(this.#weights);
    for (const [name, tensor] of Object.entries(this.#options.values ?? {})) {
      const data = tensor.dataSync();
      const isReal = tensor.dtype === 'f32' || tensor.dtype === 'f64';
      const array: NumberArray = {
        kind: isReal ? 'float' : 'int',
        shape: tensor.shape,
        data: isReal ? Float32Array.from(data) : Float64Array.from(data),
      };
      values.set(name, { known: array, isWeight: true });
    }
    return values;
  }

  #missing(name: string): string {
    const isInput = this.#graph.inputs.some((input) => input.name === name);
    return isInput
      ? `A network takes one input, here ${quoted(this.#input.name)}: give the others as importOnnx(bytes, { values: { ${quoted(name)}: tensor(…) } }).`
      : 'The file is damaged, or the node before it has one output less here.';
  }

  #refuse(expected: string, actual: string, remedy = 'The file is damaged.'): never {
    throw new ImportError({ operation: 'importOnnx', expected, actual, remedy });
  }

  #constant(name: string): NumberArray | undefined {
    const weight = this.#weights.get(name);
    if (weight) return weight.known;
    const node = this.#graph.nodes.find(({ op, outputs }) => op === 'Constant' && outputs[0] === name);
    const tensor = node?.attributes.get('value')?.t;
    return tensor && tensor.dims.length <= 1 && (tensor.dims[0] ?? 1) === 1
      ? decodeTensor(tensor)
      : undefined;
  }

  /** Nodes that the output is made of, in the order of the file. */
  #needed(nodes: readonly OnnxNode[], functions: readonly string[]): OnnxNode[] {
    const makers = new Map<string, number>();
    nodes.forEach(({ outputs }, place) => {
      for (const name of outputs) if (name !== '' && !makers.has(name)) makers.set(name, place);
    });
    const needed = new Set<number>();
    const open = [this.#output];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const place = makers.get(name);
      if (place === undefined || needed.has(place) || this.#weights.has(name)) continue;
      needed.add(place);
      const node = nodes[place] as OnnxNode;
      if (functions.includes(node.op) || !['', 'ai.onnx'].includes(node.domain))
        new Node(node, 0).refuse(
          'an op of ONNX itself',
          `one of ${node.domain === '' ? 'a function of the file' : quoted(node.domain)}`,
          'Inline functions before (onnx.inliner), or export without ops of other domains.',
        );
      for (const each of node.inputs) open.push(each);
    }
    if (needed.size > 0 && !(this.#opset >= 1))
      this.#refuse('the version of its operators', 'none', 'The file is damaged.');
    return [...needed].sort((a, b) => a - b).map((place) => nodes[place] as OnnxNode);
  }

  /** @throws ArgumentError for names that the file does not have */
  #checkNames(): void {
    const names = this.#graph.inputs.map(({ name }) => name);
    const { values = {}, shapes = {}, input } = this.#options;
    const weights = this.#graph.initializers.map(({ name }) => name);
    const requireName = (name: string, all: readonly string[], what: string): void => {
      if (all.includes(name)) return;
      const nearest = nearestName(name, all);
      throw new ArgumentError({
        operation: 'importOnnx',
        expected: `${what} among ${all.slice(0, 20).map(quoted).join(', ') || 'none'}`,
        actual: quoted(name),
        ...(nearest !== undefined && { remedy: `Did you mean ${quoted(nearest)}?` }),
      });
    };
    for (const name of [...Object.keys(shapes), ...(input === undefined ? [] : [input])])
      requireName(name, names, 'an input');
    for (const name of Object.keys(values)) requireName(name, [...names, ...weights], 'an input');
    if (this.#options.output !== undefined)
      requireName(
        this.#options.output,
        this.#graph.outputs.map(({ name }) => name),
        'an output',
      );
  }

  #chosenInput(): OnnxValue {
    const { input, values = {} } = this.#options;
    const free = this.#graph.inputs.filter(
      ({ name }) =>
        (input === undefined || name === input) && !this.#weights.has(name) && !Object.hasOwn(values, name),
    );
    return free[0] ?? this.#refuse('an input', 'none that is free', 'Give a model that is not constant.');
  }

  #chosenOutput(): string {
    const name = this.#options.output ?? this.#graph.outputs[0]?.name;
    return name ?? this.#refuse('an output', 'none');
  }
}

const ports = (shape: readonly Extent[], order: readonly number[]): (number | string)[] =>
  order.map((axis) => {
    const { n, of } = shape[axis] as Extent;
    return of ?? n;
  });

function constantOf(node: Node): Known {
  const array = node.array('value');
  if (array) return { known: array };
  for (const [name, kind] of [
    ['value_float', 'float'],
    ['value_int', 'int'],
  ] as const)
    if (node.has(name))
      return known(kind, [], Float64Array.of(kind === 'int' ? node.int(name, 0) : node.float(name, 0)));
  for (const [list, kind] of [
    [node.floats('value_floats'), 'float'],
    [node.ints('value_ints'), 'int'],
  ] as const)
    if (
      list &&
      (node.has('value_floats') || node.has('value_ints')) &&
      (kind === 'int') === node.has('value_ints')
    )
      return known(kind, [list.length], Float64Array.from(list));
  return node.refuse('a constant of numbers', 'one of texts, or none');
}
