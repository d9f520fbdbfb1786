import { nearestName, quoted } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import type { NumberArray } from './array.ts';
import { Builder } from './builder.ts';
import { type Extent, fixed } from './extent.ts';
import { constantOf } from './fold/constant.ts';
import { folds } from './fold/folds.ts';
import { ImportError } from './import-error.ts';
import type { ImportOnnxOptions } from './import-options.ts';
import { inputOrder } from './input-order.ts';
import { Context } from './lower/context.ts';
import { rules as lowerings } from './lower/rules.ts';
import { Node } from './node.ts';
import { kindOfType } from './onnx/decode-tensor.ts';
import { type OnnxGraph, readOnnx } from './onnx/read-onnx.ts';
import { type Selection, selected } from './selection.ts';
import { channelsLast, type Flow, identity, isKnown, isOrder, type Known, type Value } from './value.ts';

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

/** Extents of free axes in the pass that is imported: primes, so that none is taken for another. */
const freeExtents = [11, 127, 131, 137, 139, 149, 151, 157];

/** A file whose network is made, perhaps in more than one way. */
export class OnnxFile {
  readonly #graph: OnnxGraph;
  readonly #options: ImportOnnxOptions;
  readonly #from: Selection;
  readonly #most: number;

  constructor(bytes: Uint8Array, options: ImportOnnxOptions) {
    const model = readOnnx(bytes);
    this.#graph = model.graph;
    this.#options = options;
    this.#from = selected(model, options);
    // Constants of a file stand in it: what is made of them may be a few times larger.
    this.#most = 2 ** 21 + 4 * bytes.byteLength;
  }

  /** Whether the file says how many examples a pass has. */
  get hasFixedBatch(): boolean {
    const first = this.#shape[0];
    return typeof first === 'number';
  }

  get #shape(): readonly (number | string | undefined)[] {
    const { name, shape } = this.#from.input;
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
    const order = inputOrder(this.#from.nodes, this.#from.input.name, shape.length);
    const builder = new Builder(order.map((axis) => shape[axis] as Extent));
    const context = new Context(builder, new Set(this.#from.reads.keys()));
    const values = this.#startValues();
    const kind = kindOfType(this.#from.input.type) ?? 'float';
    values.set(this.#from.input.name, { place: 0, shape, order, kind });
    if ((this.#from.reads.get(this.#from.input.name) ?? 0) > 1) context.shared.add(0);
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
    for (const each of this.#from.nodes) {
      const node = new Node(each, this.#from.opset);
      const inputs = node.inputs.map((name) => {
        if (name === '') return undefined;
        const value = values.get(name) ?? node.refuse(`a value ${quoted(name)}`, 'none', this.#missing(name));
        if (!isKnown(value) && (this.#from.reads.get(name) ?? 0) > 1) context.shared.add(value.place);
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
      { name: this.#from.input.name, shape: ports(shape, order), order },
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
    const value = values.get(this.#from.output);
    if (!value || isKnown(value))
      return this.#refuse(
        'an output that follows the input',
        `${quoted(this.#from.output)}, which is ${value ? 'constant' : 'not made'}`,
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
      const isWhole = kindOfType(this.#from.input.type) === 'int' && this.#isOfPlaces;
      network.signature = { input: own as number[], ...(isWhole && { dtype: 'i32' as const }) };
    }
    return {
      network,
      input,
      output: { name: this.#from.output, shape: ports(flow.shape, result.order), order: result.order },
    };
  }

  /** Whether the input is nothing but numbers of rows. */
  get #isOfPlaces(): boolean {
    const { name } = this.#from.input;
    return this.#from.nodes.every(
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
    const values = new Map<string, Value>(this.#from.weights);
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
      ? `A network takes one input, here ${quoted(this.#from.input.name)}: give the others as importOnnx(bytes, { values: { ${quoted(name)}: tensor(…) } }).`
      : 'The file is damaged, or the node before it has one output less here.';
  }

  #refuse(expected: string, actual: string, remedy = 'The file is damaged.'): never {
    throw new ImportError({ operation: 'importOnnx', expected, actual, remedy });
  }
}

const ports = (shape: readonly Extent[], order: readonly number[]): (number | string)[] =>
  order.map((axis) => {
    const { n, of } = shape[axis] as Extent;
    return of ?? n;
  });
