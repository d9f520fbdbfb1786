import { cast, reshape, scaledDotProductAttention, transpose } from '@funhash/autodiff';
import { ArgumentError, checkArgument, type OptionsOf } from '@funhash/hashing';
import { requireTensor, ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { DenseParts, type GivenParts } from '../containers/dense-parts.ts';
import type { DenseOptions } from '../dense.ts';
import { layerOption, startOptions } from '../layer-options.ts';
import type { Module } from '../module.ts';
import { inference, type Pass, passRule } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import type { Widths } from '../widths.ts';

const options = {
  /** Width of the input. */
  in: layerOption.required(layerOption.count()),
  /** Heads, each with queries, keys and values of its own. */
  heads: layerOption.required(layerOption.count()),
  /** Width of the queries, keys and values of one head. Default in / heads. */
  headSize: layerOption.count(),
  /** Width of the output. Default that of the input. */
  out: layerOption.count(),
  /** Whether a step sees itself and those before it alone. Default false. */
  causal: layerOption.flag(),
  /** How the four matrices are stored: [heads · headSize, in] three times, and [out, heads · headSize]. Default: every entry. */
  weight: layerOption.start(layerOption.weight()),
  /** Biases of all four: plain values, none, or a virtual column of any scheme. Default plain, starting at 0. */
  bias: layerOption.start(layerOption.bias()),
  ...startOptions,
} as const;

export type MultiHeadAttentionOptions = OptionsOf<typeof options>;

/**
 * Attention of the steps of a sequence to each other, x [B, T, in] → [B, T, out]: each head makes queries, keys and values
 * of x, its output is a mean of values by the products of queries and keys, and one matrix mixes the heads.
 *
 *     new MultiHeadAttention({ in: 64, heads: 4, causal: true, weight: hashedNet({ ratio: 1 / 16 }) })
 *
 * Padded steps of the pass are not attended to; what they give themselves is not 0. Matrices start with the standard
 * deviation √(2 / (in + out)) of Glorot and Bengio 2010, as those of PyTorch do.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
 */
export class MultiHeadAttention extends DenseParts<MultiHeadAttentionOptions> {
  static override readonly type: string = 'multiHeadAttention';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4],
    layers: () => [
      new MultiHeadAttention({ in: 4, heads: 2 }),
      new MultiHeadAttention({ in: 4, heads: 3, headSize: 2, out: 5, causal: true }),
    ],
  };

  /** @param parts by their names, where they are there already */
  constructor(options: MultiHeadAttentionOptions, parts?: GivenParts) {
    super(options, parts, partsOf);
  }

  override get widths(): Widths {
    const { in: width, out = width } = this.options;
    return { in: width, out };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return this.#attend(x, x, pass);
  }

  /**
   * Attention of the steps of x [B, T, in] to those of another sequence, context [B, S, in] → [B, T, out]. The mask of the
   * pass, [B, S], is that of the context.
   *
   * @throws ShapeError for shapes that do not fit
   */
  attend(x: Tensor, context: Tensor, pass: Pass = inference): Tensor {
    requireTensor(this.title, x);
    requireTensor(this.title, context, 'context');
    checkArgument(this.title, 'pass', passRule, pass);
    return this.#attend(x, context, pass);
  }

  #attend(x: Tensor, context: Tensor, pass: Pass): Tensor {
    const { in: width, heads, causal = false } = this.options;
    for (const each of [x, context])
      if (each.rank !== 3 || each.shape[0] !== x.shape[0] || each.shape[2] !== width || each.shape[1] === 0)
        throw new ShapeError({
          operation: this.title,
          expected: `sequences of shape [B, T, ${width}], T at least 1`,
          actual: shapeText(each.shape),
        });
    const [batch, steps] = x.shape as [number, number, number];
    const [q, k, v] = (['query', 'key', 'value'] as const).map((name) => {
      const y = this.run(name, name === 'query' ? x : context, pass);
      return transpose(reshape(y, [batch, y.shape[1] as number, heads, -1]), [0, 2, 1, 3]);
    }) as [Tensor, Tensor, Tensor];
    const mask = pass.mask && this.#maskOf(pass.mask, context);
    const attended = scaledDotProductAttention(q, k, v, { causal, ...(mask && { mask }) });
    return this.run('output', reshape(transpose(attended, [0, 2, 1, 3]), [batch, steps, -1]), pass);
  }

  /** The steps that all heads and queries see: [B, 1, 1, S]. */
  #maskOf(mask: Tensor, { shape, dtype }: Tensor): Tensor {
    const [batch, steps] = shape as [number, number, number];
    if (mask.shape.join() !== `${batch},${steps}`)
      throw new ShapeError({
        operation: this.title,
        expected: `a mask of shape [${batch}, ${steps}]`,
        actual: shapeText(mask.shape),
        remedy: 'Layers before it must keep the number of steps.',
      });
    return reshape(mask.dtype === dtype ? mask : cast(mask, dtype), [batch, 1, 1, steps]);
  }
}

function partsOf({
  in: width,
  heads,
  headSize = width / heads,
  out = width,
  weight,
  bias,
}: MultiHeadAttentionOptions): Map<string, DenseOptions> {
  const inner = heads * headSize;
  if (!Number.isInteger(headSize) || inner >= 2 ** 32)
    throw new ArgumentError({
      operation: 'MultiHeadAttention',
      expected: 'heads that divide the width of the input, or a headSize',
      actual: `in ${width}, ${heads} heads`,
    });
  const part = (inputs: number, outputs: number): DenseOptions => ({
    in: inputs,
    out: outputs,
    std: Math.sqrt(2 / (inputs + outputs)),
    ...(weight && { weight }),
    ...(bias !== undefined && { bias }),
  });
  return new Map([
    ...['query', 'key', 'value'].map((name) => [name, part(width, inner)] as const),
    ['output', part(inner, out)] as const,
  ]);
}
