import { add } from '@funhash/autodiff';
import { ShapeError, sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from '../activations.ts';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec, Module } from '../module.ts';
import { Composite } from './composite.ts';

export interface ResidualOptions {
  /** What x goes through beside the body, where its shape has to change. Default: x itself. */
  readonly shortcut?: Module;
  /** Applied to the sum. Default none. */
  readonly activation?: ActivationName;
  /** As of Sequential. */
  readonly seed?: number;
}

/**
 * activation(body(x) + shortcut(x)): the body learns what is to be added to x.
 *
 * Source: He et al. 2015, arXiv:1512.03385, eq. 1 and 2.
 */
export class Residual extends Composite {
  static readonly type = 'residual';
  readonly body: Module;
  readonly shortcut: Module | undefined;
  readonly activation: ActivationName | undefined;

  constructor(body: Module, { shortcut, activation, seed }: ResidualOptions = {}) {
    super([['body', body], ...(shortcut ? [['shortcut', shortcut] as const] : [])], seed);
    if (activation !== undefined) activationNamed(activation);
    this.body = body;
    this.shortcut = shortcut;
    this.activation = activation;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const y = this.body.forward(x, pass);
    const past = this.shortcut ? this.shortcut.forward(x, pass) : x;
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

  get spec(): LayerSpec {
    const { body, shortcut, activation } = this;
    return {
      type: Residual.type,
      body: body.spec,
      ...(shortcut && { shortcut: shortcut.spec }),
      ...(activation && { activation }),
    };
  }

  static fromSpec(reader: LayerReader): Residual {
    return new Residual(reader.member('body'), {
      ...(reader.has('shortcut') && { shortcut: reader.member('shortcut') }),
      ...(reader.has('activation') && { activation: reader.text('activation') as ActivationName }),
    });
  }
}
