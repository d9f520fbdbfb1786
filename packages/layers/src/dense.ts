import { reshape } from '@funhash/autodiff';
import { ArgumentError, deriveSeed } from '@funhash/hashing';
import {
  createWeight,
  dense,
  Parameter,
  type SharedSpace,
  type Weight,
  type WeightRequest,
} from '@funhash/space';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from './activations.ts';
import type { LayerReader } from './layer-reader.ts';
import { type LayerSpec, Module } from './module.ts';
import type { SummaryPart } from './summary.ts';
import { uniquelyNamed } from './uniquely-named.ts';

export interface DenseOptions {
  /** Width of the input. */
  readonly in: number;
  /** Width of the output. */
  readonly out: number;
  /** Default none. */
  readonly activation?: ActivationName;
  /** Plain values, none, or a virtual column [out, 1] of any scheme. Default plain, starting at 0. */
  readonly bias?: boolean | WeightRequest;
  /** How the matrix [out, in] is stored. Default: every entry. */
  readonly weight?: WeightRequest;
  /** Decides start values and hashes. Default: from the network's seed and the layer's place in it, or 0. */
  readonly seed?: number;
  /** Standard deviation of the matrix at the start. Default √(2 / in). */
  readonly std?: number;
}

/** y = activation(x · Vᵀ + b): x [B, in] → y [B, out], with V [out, in] stored as any scheme says. */
export class Dense extends Module {
  static readonly type = 'dense';
  readonly options: DenseOptions;
  #seed: number;
  #weight: Weight | undefined;
  #bias: Parameter | Weight | undefined;
  #spaces: ReadonlySet<SharedSpace>;

  constructor(options: DenseOptions) {
    super();
    const { activation, bias, weight, seed = 0, std = 1 } = options;
    for (const name of ['in', 'out'] as const)
      if (!Number.isInteger(options[name]) || options[name] < 1)
        throw new ArgumentError({
          operation: 'Dense',
          expected: `${name}: a whole number ≥ 1`,
          actual: String(options[name]),
        });
    if (activation !== undefined) activationNamed(activation);
    if (!Number.isFinite(seed) || !(std > 0 && std < Number.POSITIVE_INFINITY))
      throw new ArgumentError({
        operation: 'Dense',
        expected: 'a finite seed, and a finite std above 0',
        actual: `seed ${seed}, std ${std}`,
      });
    this.options = options;
    this.#seed = seed;
    this.#spaces = spacesOf(weight, typeof bias === 'object' ? bias : undefined);
  }

  override seedWith(seed: number): void {
    if (this.options.seed === undefined && !this.#weight) this.#seed = seed;
  }

  /** V [out, in]. */
  get weight(): Weight {
    if (!this.#weight) {
      const { in: cols, out: rows, weight = dense(), std } = this.options;
      this.#weight = createWeight(weight, {
        rows,
        cols,
        seed: this.#seed,
        ...(std !== undefined && { std }),
      });
    }
    return this.#weight;
  }

  /** Plain values [out], a virtual column, or none. */
  get bias(): Parameter | Weight | undefined {
    const { in: fanIn, out, bias = true } = this.options;
    if (bias === false) return undefined;
    if (!this.#bias)
      this.#bias =
        bias === true
          ? Parameter.of('bias', new Float32Array(out), [out])
          : // A virtual column cannot start at 0; the spread is that of the HashedNets code, U(±1/√in).
            createWeight(bias, {
              rows: out,
              cols: 1,
              seed: deriveSeed(this.#seed, 'bias'),
              std: 1 / Math.sqrt(3 * fanIn),
            });
    return this.#bias;
  }

  compute(x: Tensor): Tensor {
    const { in: width, out, activation } = this.options;
    if (x.rank !== 2 || x.shape[1] !== width)
      throw new ShapeError({
        operation: `Dense ${width} → ${out}`,
        expected: `an input of shape [B, ${width}]`,
        actual: shapeText(x.shape),
        remedy: x.rank > 2 ? 'Put a Flatten before it.' : 'The first axis is the batch.',
      });
    const { bias } = this;
    const y = this.weight.matmul(
      x,
      bias instanceof Parameter ? bias.value : bias && reshape(bias.decode(), [out]),
    );
    return activation === undefined ? y : activationNamed(activation)(y);
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    const { weight, bias } = this;
    const own = (name: string, part: Weight): [string, Parameter][] =>
      part.parameters
        .map((parameter, k): [string, Parameter] => [`${name}.${part.arrayNames[k]}`, parameter])
        .filter(([, parameter]) => parameter !== part.space?.parameter);
    return uniquelyNamed('Dense', [
      ...own('weight', weight),
      ...(bias instanceof Parameter ? [['bias', bias] as const] : bias ? own('bias', bias) : []),
      ...[...this.sharedSpaces()].map((space) => [space.name, space.parameter] as const),
    ]);
  }

  override sharedSpaces(): ReadonlySet<SharedSpace> {
    return this.#spaces;
  }

  override parts(): readonly SummaryPart[] {
    const { weight, bias } = this;
    const { out } = this.options;
    const rows: SummaryPart[] = [
      {
        name: 'weight',
        kind: weight.definition.kind,
        shape: [weight.rows, weight.cols],
        parameters: weight.parameters,
      },
    ];
    if (bias instanceof Parameter)
      rows.push({ name: 'bias', kind: 'bias', shape: [out], parameters: [bias] });
    else if (bias)
      rows.push({ name: 'bias', kind: bias.definition.kind, shape: [out], parameters: bias.parameters });
    return rows;
  }

  get spec(): LayerSpec {
    const { in: width, out, activation } = this.options;
    const { weight, bias } = this;
    return {
      type: Dense.type,
      in: width,
      out,
      ...(activation && { activation }),
      weight: weight.spec,
      bias: bias instanceof Parameter ? true : (bias?.spec ?? false),
    };
  }

  static fromSpec(reader: LayerReader): Dense {
    const options = {
      in: reader.count('in'),
      out: reader.count('out'),
      ...(reader.has('activation') && { activation: reader.text('activation') as ActivationName }),
    };
    const bias = reader.spec.bias;
    const layer = new Dense({ ...options, bias: bias !== false });
    const weight = reader.weight('weight', options.out, options.in);
    const column = typeof bias === 'boolean' ? undefined : reader.weight('bias', options.out, 1);
    layer.#weight = weight;
    layer.#bias = bias === true ? reader.parameter('bias', [options.out]) : column;
    layer.#spaces = spacesOf(weight, column);
    return layer;
  }
}

function spacesOf(...parts: readonly (Weight | WeightRequest | undefined)[]): ReadonlySet<SharedSpace> {
  return new Set(parts.map((part) => part?.space).filter((space) => space !== undefined));
}
