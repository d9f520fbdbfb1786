import { add } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from '../activations.ts';
import { Dense } from '../dense.ts';
import { type LayerSource, layerOption } from '../layer-options.ts';
import { type LayerSpec, Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { givenWidth, sharedInput, type Widths } from '../widths.ts';
import { Composite, containerOptions, memberIn } from './composite.ts';

const options = {
  /** What x goes through beside the body, where its shape has to change. Default: x itself. */
  shortcut: layerOption.that<Module>('a layer', (value) => value instanceof Module),
  /** Applied to the sum. Default none. */
  activation: layerOption.activation(),
  ...containerOptions,
} as const;

export type ResidualOptions = OptionsOf<typeof options>;

/**
 * activation(body(x) + shortcut(x)): the body learns what is to be added to x.
 *
 * Source: He et al. 2015, arXiv:1512.03385, eq. 1 and 2.
 */
export class Residual extends Composite<ResidualOptions> {
  static override readonly type: string = 'residual';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 4],
    layers: () => [
      new Residual(new Dense({ in: 4, out: 4 }), { activation: 'tanh' }),
      new Residual(new Dense({ in: 4, out: 2 }), { shortcut: new Dense({ in: 4, out: 2 }) }),
    ],
  };
  readonly body: Module;
  readonly #widths: Widths;
  readonly shortcut: Module | undefined;
  readonly activation: ActivationName | undefined;

  constructor(body: Module, options: ResidualOptions = {}) {
    const { shortcut } = options ?? {};
    super(options, [['body', body], ...(shortcut ? [['shortcut', shortcut] as const] : [])]);
    this.body = body;
    this.shortcut = shortcut;
    this.activation = this.options.activation;
    const input = sharedInput('Residual', this.members);
    const [out, past] = [givenWidth(body, input), shortcut ? givenWidth(shortcut, input) : input];
    if (out !== undefined && past !== undefined && out !== past)
      throw new ShapeError({
        operation: 'Residual',
        expected: `a body that gives ${past} features, as ${shortcut ? 'the shortcut gives' : 'it takes'}`,
        actual: `one that gives ${out}`,
        remedy: 'Give a shortcut that changes the width as the body does.',
      });
    this.#widths = { in: input, out: out ?? past };
  }

  override get widths(): Widths {
    return this.#widths;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const y = this.run('body', x, pass);
    const past = this.shortcut ? this.run('shortcut', x, pass) : x;
    if (!sameShape(y.shape, past.shape))
      throw new ShapeError({
        operation: 'Residual',
        expected: `body and shortcut of one shape, for an input ${shapeText(x.shape)}`,
        actual: `${shapeText(y.shape)} and ${shapeText(past.shape)}`,
        remedy: 'Give a shortcut that changes the shape as the body does.',
      });
    const sum = add(y, past);
    return this.activation === undefined ? sum : activationNamed(this.activation)(sum, pass);
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Residual {
    const shortcut = members.get('shortcut');
    return new Residual(members.get('body') as Module, { ...this.options, ...(shortcut && { shortcut }) });
  }

  override get spec(): LayerSpec {
    const { body, shortcut, activation } = this;
    return {
      type: Residual.type,
      body: body.spec,
      ...(shortcut && { shortcut: shortcut.spec }),
      ...(activation && { activation }),
    };
  }

  static override fromSpec(source: LayerSource): Residual {
    const activation = source.value('activation');
    return new Residual(memberIn(source, 'body'), {
      ...(source.value('shortcut') !== undefined && { shortcut: memberIn(source, 'shortcut') }),
      // The constructor checks it.
      ...(activation !== undefined && { activation: activation as ActivationName }),
    });
  }
}
