import { saveBytes } from '@funhash/codec';
import type { Metrics } from './evaluate.ts';
import { eventLoopPauses } from './event-loop.ts';
import { checkConfig, type FitConfig, type FitEvent } from './fit-config.ts';
import { type FitRun, runOf } from './fit-run.ts';
import { settingsOf } from './fit-settings.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import { TrainingRun } from './training-run.ts';

/**
 * Trains a model. Await the run for its result, or iterate it for what happens:
 *
 *     const { loss } = await fit({ model, data, epochs: 10 });
 *     for await (const event of fit({ model, data, validation: 0.1, epochs: 10 })) if (event.type === 'epoch') …
 *
 * Nothing is trained before one of the two. Training goes on while events are taken, and ends where the loop is left.
 * The event loop is free every 50 ms. Everything random follows from `seed`, so that equal configurations give equal
 * bits, and a run resumed from a checkpoint those of one that was never interrupted.
 *
 * A step is taken as a whole: one that fails leaves parameters, running statistics and the optimiser as before it.
 *
 * @throws OptionError, ArgumentError, at once, for a configuration that cannot be. The others come from the run:
 * @throws ArgumentError for examples that do not fit the loss or the model; without a loss, for targets that leave it open
 * @throws DivergedError where a loss, a running statistic or a parameter is no longer finite; no checkpoint is written then
 * @throws CheckpointError, ModelFileError for a checkpoint of another run or a damaged one; the model is untouched
 */
export function fit<M extends Metrics = Record<never, never>>(config: FitConfig<M>): FitRun<M> {
  checkConfig(config);
  return runOf(eventsOf(config));
}

async function* eventsOf<M extends Metrics>(config: FitConfig<M>): AsyncGenerator<FitEvent<M>, void, void> {
  const begun = performance.now();
  const secondsSince = (start: number): number => (performance.now() - start) / 1000;
  const checkpoint = config.resume === undefined ? undefined : await readCheckpoint(config.resume);
  const settings = settingsOf(config, checkpoint?.progress.seed);
  const run = await TrainingRun.start(settings, checkpoint).catch((error: unknown) => {
    settings.dispose();
    throw error;
  });
  const { progress } = run;
  const pause = eventLoopPauses();

  async function saved(): Promise<FitEvent<M>> {
    const bytes = await run.checkpoint();
    const { epoch, step } = progress.place;
    const path = config.checkpoint?.path;
    if (path !== undefined) await saveBytes(path, bytes);
    await config.checkpoint?.save?.(bytes, { epoch, step });
    return { type: 'checkpoint', epoch, step, bytes, path };
  }
  const isAborted = (): boolean => config.signal?.aborted ?? false;

  try {
    yield run.startEvent();
    while (progress.now.epoch < settings.epochs && !progress.isStale && !isAborted()) {
      const epochBegun = performance.now();
      for await (const batches of run.batches()) {
        const event = await run.train(batches, pause);
        const waiting = pause();
        if (waiting) await waiting;
        if (event.step % settings.reportEverySteps === 0) yield event;
        if (event.step % settings.checkpointEvery.steps === 0) yield await saved();
        if (isAborted()) break;
      }
      if (isAborted()) break;
      yield { ...(await run.endEpoch()), seconds: secondsSince(epochBegun) };
      const isLast = progress.now.epoch === settings.epochs || progress.isStale;
      if (progress.now.epoch % settings.checkpointEvery.epochs === 0 || (config.checkpoint && isLast))
        yield await saved();
    }
    const isFinished = progress.now.epoch >= settings.epochs;
    const reason = progress.isStale ? 'earlyStop' : isFinished ? 'finished' : 'aborted';
    if (reason === 'aborted') yield await saved();
    else run.settle();
    const stop = progress.stopEvent();
    if (reason === 'earlyStop' && stop) yield stop;
    const { keptEpoch } = run;
    yield { type: 'end', reason, ...progress.place, keptEpoch, seconds: secondsSince(begun) };
  } finally {
    run.dispose();
    settings.dispose();
  }
}
