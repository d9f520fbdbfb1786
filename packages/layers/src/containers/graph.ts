import { ArgumentError, checkOptions, nearestName, option, shownValue } from '@funhash/hashing';
import type { Shape, Tensor } from '@funhash/tensor';
import { Dense } from '../dense.ts';
import { type LayerSource, layerOption } from '../layer-options.ts';
import type { LayerSpec, Module } from '../module.ts';
import type { OwnValues } from '../owned.ts';
import { type Pass, within } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { Composite, type ContainerOptions, containerOptions, listed, membersIn } from './composite.ts';
import { type GraphOpName, graphOps } from './graph-ops.ts';

/**
 * One step of a graph: `{ op: 'layer', layer: 2, of: [0] }` runs the third layer on the input, `{ op: 'values', values:
 * 'scale' }` gives values of the graph itself, `{ op: 'add', of: [1, 2] }` joins, `{ op: 'mean', of: [3], axes: [1, 2] }` is
 * told more. `of` counts values: 0 is the input, k what the k-th step gives.
 */
export interface GraphStep {
  readonly op: GraphOpName | 'layer' | 'values';
  readonly of?: readonly number[];
  readonly [option: string]: unknown;
}

/** Values of a graph itself. */
export interface GraphValues {
  readonly shape: Shape;
  /** Whether they are trained. Default true; else they are saved only. */
  readonly isTrained?: boolean;
}

const valuesRules = {
  shape: option.required(
    option.that<Shape>(
      'a list of whole numbers ≥ 0',
      (value) =>
        Array.isArray(value) &&
        value.length <= 16 &&
        value.every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 31),
    ),
  ),
  isTrained: option.flag(),
};

const options = {
  /** Values of the graph itself, by name, which steps read by `{ op: 'values', values: name }`. Default none. */
  values: layerOption.that<Readonly<Record<string, GraphValues>>>(
    'a record of { shape, isTrained }, by names of letters and digits',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.keys(value).every((name) => /^[a-z]\w{0,60}$/i.test(name)),
  ),
  ...containerOptions,
} as const;

export interface GraphOptions extends ContainerOptions {
  /** Values of the graph itself, by name, which steps read by `{ op: 'values', values: name }`. Default none. */
  readonly values?: Readonly<Record<string, GraphValues>>;
}

/** Most steps of a graph. */
const mostSteps = 200_000;

interface CheckedStep {
  readonly of: readonly number[];
  run(operands: readonly Tensor[], pass: Pass): Tensor;
}

/**
 * Layers and ops joined by steps that are plain data, so that files keep them: branches, skips, several uses of one layer.
 * Every step reads the input or what earlier ones gave; the last one gives the output.
 *
 *     new Graph([new Dense({ in: 8, out: 8 }), new Dense({ in: 8, out: 4 })], [
 *       { op: 'layer', layer: 0, of: [0] },
 *       { op: 'add', of: [0, 1] },
 *       { op: 'layer', layer: 1, of: [2] },
 *     ]);
 *
 * Imported networks are such graphs. Ops are those of `@funhash/autodiff`, so that a graph can be trained.
 *
 * @throws ArgumentError for steps that read what is not there, and for ops or options that are unknown
 */
export class Graph extends Composite<GraphOptions> {
  static override readonly type: string = 'graph';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 4],
    layers: () => [
      new Graph(
        [new Dense({ in: 4, out: 4, activation: 'tanh' }), new Dense({ in: 4, out: 2 })],
        [
          { op: 'layer', layer: 0, of: [0] },
          { op: 'add', of: [0, 1] },
          { op: 'values', values: 'scale' },
          { op: 'multiply', of: [2, 3] },
          { op: 'layer', layer: 1, of: [4] },
          { op: 'softmax', of: [5], axis: -1 },
        ],
        { values: { scale: { shape: [4] } } },
      ),
      new Graph([], [{ op: 'reshape', of: [0], shape: [{ axis: 0 }, -1, 1] }]),
    ],
  };
  readonly layers: readonly Module[];
  readonly steps: readonly GraphStep[];
  readonly #values: ReadonlyMap<string, OwnValues>;
  readonly #checked: readonly CheckedStep[];

  constructor(layers: readonly Module[], steps: readonly GraphStep[], options: GraphOptions = {}) {
    super(options, listed('Graph', layers));
    this.layers = layers;
    const { values = {} } = this.options;
    this.#values = new Map(
      Object.entries(values).map(([name, each]) => {
        checkOptions(`Graph, values ${name}`, valuesRules, each);
        return [name, this.values(name, each.shape, { isTrained: each.isTrained ?? true })];
      }),
    );
    if (!Array.isArray(steps) || steps.length === 0 || steps.length > mostSteps)
      throw new ArgumentError({
        operation: 'Graph',
        expected: `a list of 1 to ${mostSteps} steps`,
        actual: Array.isArray(steps) ? `${steps.length}` : shownValue(steps),
      });
    this.#checked = steps.map((step, place) => this.#checkedStep(step, place));
    this.steps = steps.map(inOrder);
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const known = [x];
    for (const { of, run } of this.#checked)
      known.push(
        run(
          of.map((place) => known[place] as Tensor),
          pass,
        ),
      );
    return known.at(-1) as Tensor;
  }

  #checkedStep(step: GraphStep, place: number): CheckedStep {
    const operation = `Graph, step ${place}`;
    const refuse = (expected: string, actual: unknown, remedy?: string): never => {
      const shown = typeof actual === 'string' ? actual : shownValue(actual);
      throw new ArgumentError({ operation, expected, actual: shown, ...(remedy && { remedy }) });
    };
    if (typeof step !== 'object' || step === null || Array.isArray(step))
      return refuse("a step such as { op: 'add', of: [0, 1] }", step);
    const { op, of = [], ...told } = step;
    if (!Array.isArray(of) || !of.every((read) => Number.isInteger(read) && read >= 0 && read <= place))
      return refuse(`values from 0, the input, to ${place} as of`, of);
    const requireReads = (least: number, most: number): void => {
      if (of.length < least || of.length > most)
        refuse(`${least === most ? least : `${least} to ${most}`} values as of`, `${of.length}`);
    };
    if (op === 'layer') {
      const { layer: index, ...rest } = told;
      checkOptions(operation, {}, rest);
      requireReads(1, 1);
      const layer = Number.isInteger(index) ? this.layers[index as number] : undefined;
      if (!layer) return refuse(`the number of one of ${this.layers.length} layers as layer`, index);
      return { of, run: ([x], pass) => layer.forward(x as Tensor, within(pass, index as number)) };
    }
    if (op === 'values') {
      const { values: name, ...rest } = told;
      checkOptions(operation, {}, rest);
      requireReads(0, 0);
      const own = this.#values.get(name as string);
      if (!own) return refuse(`one of ${[...this.#values.keys()].join(', ') || 'no values'} as values`, name);
      return { of, run: () => own.value };
    }
    if (typeof op !== 'string' || !Object.hasOwn(graphOps, op)) {
      const names = ['layer', 'values', ...Object.keys(graphOps)];
      const nearest = typeof op === 'string' ? nearestName(op, names) : undefined;
      return refuse(`an op among ${names.join(', ')}`, op, nearest && `Did you mean ${nearest}?`);
    }
    const { reads, options: rules, run } = graphOps[op];
    checkOptions(operation, rules, told);
    requireReads(reads[0], reads[1]);
    return { of, run: (operands) => run(operands, told as Readonly<Record<string, never>>) };
  }

  protected override get memberField(): string {
    return 'layers';
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Graph {
    return new Graph([...members.values()], this.steps, this.options);
  }

  override get spec(): LayerSpec {
    return { ...super.spec, layers: this.layers.map(({ spec }) => spec), steps: this.steps };
  }

  static override fromSpec(source: LayerSource): Graph {
    const steps = source.value('steps') as readonly GraphStep[];
    const graph = new Graph(membersIn(source, 'layers'), steps, source.options(options));
    graph.restore(source);
    return graph;
  }
}

/** A step with its fields in one order, however they were written: files sort them. */
function inOrder({ op, of, ...told }: GraphStep): GraphStep {
  const sorted = Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1));
  return { op, ...(of && { of }), ...Object.fromEntries(sorted) };
}
