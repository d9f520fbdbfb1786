// A classifier of digits whose whole file has a thousand bytes: a net of three convolutions is trained, then its weights become levels that
// pay for their bits.
import { batches, type ImageDataset, splitValidation } from '@funhash/datasets';
import type { Module } from '@funhash/layers';
import { smallConvNet } from '@funhash/models';
import { adam, errorRate, evaluate, fit, type Penalty, warmupCosine } from '@funhash/training';
import { byteBudget } from '@funhash/training/byte-budget';

export interface Recipe {
  readonly bytes: number;
  /** Passes over the images before weights are levels, and after. */
  readonly epochs: readonly [plain: number, levels: number];
  /** Images held out, on which errors are told. */
  readonly validation: number;
}

export const usual: Recipe = { bytes: 1000, epochs: [12, 45], validation: 5000 };

export type Told =
  | {
      readonly type: 'epoch';
      readonly phase: 'plain' | 'levels';
      readonly epoch: number;
      readonly epochs: number;
      /** Share of held-out images that are wrong. */
      readonly error: number;
    }
  | { readonly type: 'end'; readonly file: Uint8Array; readonly model: Module; readonly error: number };

export async function* train(
  data: ImageDataset,
  { bytes, epochs, validation }: Recipe,
): AsyncGenerator<Told, void> {
  const split = splitValidation(data.train, validation, 0);
  const net = smallConvNet({ seed: 0 });
  async function* phase(
    name: 'plain' | 'levels',
    model: Module,
    count: number,
    learningRate: number,
    penalty?: Penalty,
  ): AsyncGenerator<Told, void> {
    const events = fit({
      model,
      data: (epoch) =>
        batches(split.train, { batchSize: 100, epoch, imageSize: data, augment: { shift: 1, rotation: 10 } }),
      stepsPerEpoch: Math.ceil(split.train.count / 100),
      validation: split.validation,
      epochs: count,
      metrics: { errorRate },
      optimizer: adam({ learningRate, relativeStep: true }),
      schedule: warmupCosine(),
      ...(penalty && { penalty }),
    });
    for await (const event of events)
      if (event.type === 'epoch')
        yield {
          type: 'epoch',
          phase: name,
          epoch: event.epoch,
          epochs: count,
          error: event.validation?.errorRate ?? Number.NaN,
        };
  }
  yield* phase('plain', net, epochs[0], 0.13);
  const small = await byteBudget(net, { bytes });
  yield* phase('levels', small.model, epochs[1], 0.03, small.penalty);
  const file = await small.finish();
  const { errorRate: error } = await evaluate(small.model, split.validation, { metrics: { errorRate } });
  yield { type: 'end', file, model: small.model, error: error as number };
}
