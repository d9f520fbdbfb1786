import type { NumberArray } from './array.ts';
import { ImportError } from './import-error.ts';
import { decodeTensor } from './onnx/decode-tensor.ts';
import type { OnnxNode } from './onnx/read-onnx.ts';

const utf8 = new TextDecoder();

/** A node as it is looked at: its attributes by what they should be, and refusals with its name. */
export class Node {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #node: OnnxNode;
  /** Version of the set of operators that it is of. */
  readonly opset: number;

  constructor(node: OnnxNode, opset: number) {
    this.#node = node;
    this.op = node.op;
    this.name = node.name || node.outputs[0] || node.op;
    this.inputs = node.inputs;
    this.outputs = node.outputs;
    this.opset = opset;
  }

  refuse(expected: string, actual: string, remedy = 'Export the model without it.'): never {
    const { op, name } = this;
    const details = { operation: `importOnnx, ${op} ${name}`, expected, actual, remedy };
    throw new ImportError({ ...details, node: name, op });
  }

  has(name: string): boolean {
    return this.#node.attributes.has(name);
  }

  int(name: string, otherwise: number): number {
    return this.#node.attributes.get(name)?.i ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    const value = this.#node.attributes.get(name)?.f ?? otherwise;
    return Number.isNaN(value) ? this.refuse(`a number as ${name}`, 'NaN') : value;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#node.attributes.get(name)?.ints;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#node.attributes.get(name)?.floats;
  }

  text(name: string, otherwise: string): string {
    const bytes = this.#node.attributes.get(name)?.s;
    return bytes ? utf8.decode(bytes.slice(0, 1000)) : otherwise;
  }

  texts(name: string): readonly string[] | undefined {
    return this.#node.attributes.get(name)?.strings.map((bytes) => utf8.decode(bytes.slice(0, 1000)));
  }

  array(name: string): NumberArray | undefined {
    const tensor = this.#node.attributes.get(name)?.t;
    return tensor && decodeTensor(tensor, `${name} of ${this.name}`);
  }

  get hasGraph(): boolean {
    return [...this.#node.attributes.values()].some(({ hasGraph }) => hasGraph);
  }

  /** An axis from 0, of one that may count from the end. */
  axis(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(at) || at < 0 || at >= Math.max(rank, 1))
      this.refuse(`an axis of ${rank}`, `axis ${axis}`, 'The file is damaged.');
    return at;
  }
}
