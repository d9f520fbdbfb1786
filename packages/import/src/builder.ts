import {
  type ActivationName,
  Flatten,
  Graph,
  type GraphStep,
  type Module,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import type { NumberArray } from './array.ts';
import { type Extent, isSame, numbersOf } from './extent.ts';
import { ImportError } from './import-error.ts';
import { type Flow, identity, isOrder } from './value.ts';

/** A layer that is built when all is known that it takes over from steps behind it. */
export interface LayerPlan {
  build(bias: NumberArray | undefined, activation: ActivationName | undefined): Module;
  /** Length of the bias that it may take over; undefined: it takes none. */
  takesBias?: number | undefined;
  /** Whether an activation may follow as its own. */
  readonly takesActivation?: boolean;
  /** Whether it only shapes what it is given. */
  readonly isReshape?: boolean;
  bias?: NumberArray | undefined;
  activation?: ActivationName | undefined;
}

interface PlannedStep {
  readonly step: GraphStep;
  readonly plan?: LayerPlan;
  /** What it gives, as it lies. */
  readonly extents: readonly Extent[];
}

/** Most values that an imported graph may hold besides those of its file. */
const mostMade = 2 ** 24;

/** A graph as it grows, step by step. */
export class Builder {
  readonly #steps: PlannedStep[] = [];
  readonly #constants = new Map<string, { readonly array: NumberArray; readonly isTrained: boolean }>();
  readonly #constantPlaces = new Map<NumberArray, number>();
  readonly #input: readonly Extent[];
  readonly #reordered = new Map<string, number>();
  #made = 0;

  /** @param input shape of the input as it lies */
  constructor(input: readonly Extent[]) {
    this.#input = input;
  }

  /** What a value is like as it lies. */
  extents(place: number): readonly Extent[] {
    return place === 0 ? this.#input : (this.#steps[place - 1] as PlannedStep).extents;
  }

  /** The value of an op. */
  step(
    op: GraphStep['op'],
    of: readonly number[],
    extents: readonly Extent[],
    options: Readonly<Record<string, unknown>> = {},
  ): number {
    this.spend(0);
    this.#steps.push({ step: { op, of, ...options }, extents });
    return this.#steps.length;
  }

  /** The value of a layer; one plan in several steps is one layer. */
  layer(plan: LayerPlan, of: number, extents: readonly Extent[]): number {
    this.spend(0);
    this.#steps.push({ step: { op: 'layer', of: [of] }, plan, extents });
    return this.#steps.length;
  }

  /** The plan of the layer that gives a value. */
  planOf(place: number): LayerPlan | undefined {
    return place === 0 ? undefined : this.#steps[place - 1]?.plan;
  }

  /** The place of a constant. */
  constant(array: NumberArray, isTrained: boolean): number {
    const known = this.#constantPlaces.get(array);
    if (known !== undefined) return known;
    const name = `c${this.#constants.size}`;
    this.spend(array.data.length);
    this.#constants.set(name, { array, isTrained });
    this.#steps.push({
      step: { op: 'values', values: name },
      extents: array.shape.map((n) => ({ n })),
    });
    this.#constantPlaces.set(array, this.#steps.length);
    return this.#steps.length;
  }

  /** Counts values that are made at import. @throws ImportError beyond what a network needs */
  spend(values: number): void {
    this.#made += values;
    if (this.#made > mostMade || this.#steps.length > 150_000)
      throw new ImportError({
        operation: 'importOnnx',
        expected: 'a network of fewer constants and steps',
        actual: `${this.#made} values and ${this.#steps.length} steps made of its file`,
        remedy: 'Simplify it before, for instance with onnxsim.',
      });
  }

  /** The place of a value in an order of axes. */
  inOrder(flow: Flow, order: readonly number[]): number {
    if (isOrder(flow.order, order)) return flow.place;
    const key = `${flow.place}:${flow.order}:${order}`;
    const known = this.#reordered.get(key);
    if (known !== undefined) return known;
    const permutation = order.map((axis) => flow.order.indexOf(axis));
    const extents = this.extents(flow.place);
    const place = this.step(
      'transpose',
      [flow.place],
      permutation.map((axis) => extents[axis] as Extent),
      { order: permutation },
    );
    this.#reordered.set(key, place);
    return place;
  }

  /** A value as the file means it, element by element. */
  plain(flow: Flow): Flow {
    const shape = flow.shape;
    const rank = shape.length;
    if (flow.columns) {
      const places = new Array<number>(flow.columns.length);
      flow.columns.forEach((meant, lying) => {
        places[meant] = lying;
      });
      const place = this.step('take', [flow.place], this.extents(flow.place), { axis: rank - 1, places });
      return { place, shape, order: identity(rank), kind: flow.kind };
    }
    return { ...flow, place: this.inOrder(flow, identity(rank)), order: identity(rank) };
  }

  /** A value under another shape, as it lies: reshapes of reshapes are one. */
  reshape(place: number, target: readonly Extent[]): number {
    const source = this.#sourceOf(place);
    const extents = this.extents(source);
    if (extents.length === target.length && extents.every((extent, k) => isSame(extent, target[k] as Extent)))
      return source;
    const rest = target.slice(1);
    if (
      target[0]?.of !== undefined &&
      extents[0]?.of === target[0].of &&
      rest.length > 0 &&
      rest.every(({ of, n }) => of === undefined && n > 0)
    ) {
      const shape = numbersOf(rest);
      const build = () => (rest.length === 1 ? new Flatten() : new Reshape({ shape }));
      return this.layer({ build, isReshape: true }, source, target);
    }
    return this.step('reshape', [source], target, { shape: this.extentsFrom(target, extents) });
  }

  /** What a reshape is of. */
  #sourceOf(place: number): number {
    let source = place;
    for (;;) {
      const made = source === 0 ? undefined : this.#steps[source - 1];
      if (!made || (made.step.op !== 'reshape' && !made.plan?.isReshape)) return source;
      source = made.step.of?.[0] as number;
    }
  }

  /** Extents of a result: free ones as axes of what a step reads, one of them as what is left if that may be. */
  extentsFrom(
    target: readonly Extent[],
    extents: readonly Extent[],
    mayBeLeft = true,
  ): (number | { readonly axis: number })[] {
    let isLeft = !mayBeLeft;
    return target.map(({ n, of }) => {
      if (of === undefined) return n;
      const axis = extents.findIndex((extent) => extent.of === of);
      if (axis >= 0) return { axis };
      if (isLeft) return n;
      isLeft = true;
      return -1;
    });
  }

  /** The network up to a value. */
  network(output: number): Module {
    const needed = this.#needed(output);
    const layers: Module[] = [];
    const layerIndex = new Map<LayerPlan, number>();
    const indexOf = (plan: LayerPlan): number => {
      const known = layerIndex.get(plan);
      if (known !== undefined) return known;
      layers.push(built(plan));
      layerIndex.set(plan, layers.length - 1);
      return layers.length - 1;
    };
    const chain = this.#chain(output);
    if (chain) {
      for (const plan of chain) indexOf(plan);
      if (layers.length === chain.length) return new Sequential(layers);
      return new Sequential(chain.map((plan) => layers[indexOf(plan)] as Module));
    }
    const places = new Map([[0, 0]]);
    const steps: GraphStep[] = [];
    const names = new Set<string>();
    for (const place of needed) {
      const { step, plan } = this.#steps[place - 1] as PlannedStep;
      const of = (step.of ?? []).map((read) => places.get(read) as number);
      if (step.op === 'values') {
        names.add(step.values as string);
        steps.push({ op: 'values', values: step.values });
      } else steps.push(plan ? { op: 'layer', layer: indexOf(plan), of } : { ...step, of });
      places.set(place, steps.length);
    }
    const constants = [...this.#constants].filter(([name]) => names.has(name));
    const values = Object.fromEntries(
      constants.map(([name, { array, isTrained }]) => [
        name,
        { shape: array.shape, ...(!isTrained && { isTrained }) },
      ]),
    );
    const graph = new Graph(layers, steps, constants.length > 0 ? { values } : {});
    const held = new Map([...graph.namedParameters(), ...graph.namedBuffers()]);
    for (const [name, { array }] of constants)
      scope(() => held.get(name)?.assign(tensor(Float32Array.from(array.data), array.shape)));
    return graph;
  }

  /** Layers one after the other that give a value; undefined where it is made in another way. */
  #chain(output: number): LayerPlan[] | undefined {
    const chain: LayerPlan[] = [];
    for (let place = output; place !== 0; ) {
      const { step, plan } = this.#steps[place - 1] as PlannedStep;
      if (!plan) return undefined;
      chain.push(plan);
      place = step.of?.[0] as number;
    }
    return chain.reverse();
  }

  /** Places of the steps that a value is made of, in their order. */
  #needed(output: number): number[] {
    const needed = new Set<number>();
    const open = [output];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (place === 0 || needed.has(place)) continue;
      needed.add(place);
      for (const read of (this.#steps[place - 1] as PlannedStep).step.of ?? []) open.push(read);
    }
    return [...needed].sort((a, b) => a - b);
  }
}

const built = (plan: LayerPlan): Module => plan.build(plan.bias, plan.activation);
