import { withoutTape } from '@funhash/autodiff/op-parts';
import { checkArgument, option, type Random, random } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import { scope, Tensor } from '@funhash/tensor';
import type { StagedBuffers } from './staged-buffers.ts';

/** What a forward pass is for. */
export interface Pass {
  /** Whether dropout and the like are active. */
  readonly training: boolean;
  /** Source of the randomness of this pass: seeded by the caller, so that a step can be repeated. */
  readonly random: Random;
  /**
   * Steps of sequences that are real, [B, T]: 1, or 0 for padding. Recurrent layers keep their state over padded steps
   * and give 0 there. Default: all are real.
   */
  readonly mask?: Tensor | undefined;
  /**
   * Takes the new contents of running statistics and the like, until the step is taken. Default: they change at once, so
   * that a step which then fails has moved them.
   */
  readonly staged?: StagedBuffers | undefined;
  /**
   * Buffers that stay as they are in training, such as the running statistics of frozen layers: a layer normalises by
   * these as at inference. Default: none.
   */
  readonly fixed?: ReadonlySet<Parameter> | undefined;
  /**
   * Called with values as layers make them: `output` of every layer, and what else a layer has to show, such as the
   * gates of an LSTM. Values live as long as the pass does: `keep` those that shall outlive a scope.
   *
   * @param place of the layer in the model, such as `2.body.0`; empty for the model itself
   */
  readonly observe?: ((place: string, name: string, values: Tensor) => void) | undefined;
}

/** What `fit`, `evaluate` and optimisers need of a model. Every layer is one, and so is a network of layers. */
export interface Model {
  /** The output for x; without a pass: inference. */
  forward(x: Tensor, pass?: Pass): Tensor;
  /** Trainable tensors by a name unique in the model; one that several places share appears once. */
  namedParameters(): ReadonlyMap<string, Parameter>;
  /**
   * Tensors that are saved with the parameters but not trained, such as running statistics, by names that no
   * parameter has.
   */
  namedBuffers?(): ReadonlyMap<string, Parameter>;
}

/** The pass of a model that only answers. */
export const inference: Pass = { training: false, random: random(0) };

/** Whether a value can be the pass of a model. */
export function isPass(pass: unknown): boolean {
  if (typeof pass !== 'object' || pass === null) return false;
  const { random, observe, mask } = pass as Partial<Pass>;
  return (
    typeof random?.uint32 === 'function' &&
    (observe === undefined || typeof observe === 'function') &&
    (mask === undefined || mask instanceof Tensor)
  );
}

/** A pass, as layers take it. */
export const passRule = option.that<Pass>('a pass, such as { training: true, random: random(1) }', isPass);

/** A pass as the member under a name sees it: what it shows is shown under its place. */
export function within(pass: Pass, name: string | number): Pass {
  const { observe } = pass;
  if (!observe) return pass;
  return {
    ...pass,
    observe: (place, what, values) => observe(place === '' ? String(name) : `${name}.${place}`, what, values),
  };
}

/**
 * Changes a buffer of a layer in a training pass: at once, or where the pass stages, when the step is taken. Layers that
 * keep statistics call it in place of `assign`.
 *
 * @param change new contents from those that the pass found; nothing in it is differentiated
 */
export function moveBuffer(pass: Pass, buffer: Parameter, change: (contents: Tensor) => Tensor): void {
  const { staged } = pass;
  withoutTape(() =>
    scope(() => {
      const moved = change(staged?.contents.get(buffer) ?? buffer.value);
      if (staged) staged.stage(buffer, moved);
      else buffer.assign(moved);
    }),
  );
}

/**
 * All that the layers of a model show in a pass over x, by place and name: `0.output`, `1.forget`; the output of the
 * model itself is `output`.
 *
 * @param pass default: inference
 */
export function trace(model: Model, x: Tensor, pass: Pass = inference): ReadonlyMap<string, Tensor> {
  const isModel = (value: unknown): boolean => typeof (value as Model | undefined)?.forward === 'function';
  checkArgument('trace', 'model', option.that('a layer or a network', isModel), model);
  checkArgument('trace', 'pass', passRule, pass);
  const shown = new Map<string, Tensor>();
  model.forward(x, {
    ...pass,
    observe: (place, name, values) => {
      shown.set(place === '' ? name : `${place}.${name}`, values);
      pass.observe?.(place, name, values);
    },
  });
  return shown;
}
