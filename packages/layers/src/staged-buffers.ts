import type { Parameter } from '@funhash/space';
import { keep, type Tensor } from '@funhash/tensor';

/**
 * New contents of buffers, such as running statistics, that training passes have found and a model has not taken yet. A
 * pass that brings one changes nothing that the model stores: of a step that is taken it is committed, else discarded.
 *
 *     const staged = new StagedBuffers();
 *     const [loss, gradients] = gradientsOf(() => lossOf(net.forward(x, { training: true, random, staged })), values);
 *     if (!Number.isFinite(loss.item())) staged.discard();
 *     else {
 *       optimizer.update(gradients);
 *       staged.commit();
 *     }
 *
 * Several passes may share one, such as those over which gradients are summed: each goes on from the one before.
 */
export class StagedBuffers {
  readonly #contents = new Map<Parameter, Tensor>();

  /** Buffers with new contents, and these. */
  get contents(): ReadonlyMap<Parameter, Tensor> {
    return this.#contents;
  }

  /** Notes the new contents of a buffer, which outlive every scope until they are committed or discarded. */
  stage(buffer: Parameter, contents: Tensor): void {
    this.#contents.get(buffer)?.dispose();
    this.#contents.set(buffer, keep(contents));
  }

  /** Overwrites the buffers with their new contents. */
  commit(): void {
    for (const [buffer, contents] of this.#contents) buffer.assign(contents);
    this.discard();
  }

  /** Frees what was staged; the buffers stay as they are. */
  discard(): void {
    for (const contents of this.#contents.values()) contents.dispose();
    this.#contents.clear();
  }
}
