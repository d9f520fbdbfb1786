import { ArgumentError } from '@funhash/hashing';
import type { Metrics, Scores } from './evaluate.ts';
import type { FitEvent } from './fit-config.ts';

type EpochEvent<M extends Metrics> = Extract<FitEvent<M>, { type: 'epoch' }>;
type EndEvent = Extract<FitEvent, { type: 'end' }>;
type Taken<M extends Metrics> = Promise<IteratorResult<FitEvent<M>, void>>;

/** What training came to. */
export interface FitResult<M extends Metrics = Metrics> extends Omit<EndEvent, 'type'> {
  /** Mean loss over the examples of the epoch that the model was left with; undefined where that was not of this call. */
  readonly loss: number | undefined;
  /** Loss and metrics over the validation examples after that epoch, where there are some. */
  readonly validation: Scores<M> | undefined;
  /** The events of all epochs of this call. */
  readonly epochs: readonly EpochEvent<M>[];
}

/**
 * A run of `fit`, which has not begun: iterate it for its events, or await it for its result. Nothing is trained before
 * one of the two.
 *
 * Awaited after some of its events were taken it trains on to the end, and after all of them it gives the result; after
 * an error it throws that error, and after its loop was left an ArgumentError. As all that can be awaited, a run is
 * awaited where an async function returns it.
 */
export interface FitRun<M extends Metrics = Metrics> extends PromiseLike<FitResult<M>> {
  next(): Taken<M>;
  /** Ends training after the step under way, as leaving a loop does. */
  return(): Taken<M>;
  throw(error: unknown): Taken<M>;
  [Symbol.asyncIterator](): FitRun<M>;
}

/** Events as a run, to be iterated or awaited. */
export function runOf<M extends Metrics>(events: AsyncGenerator<FitEvent<M>, void, void>): FitRun<M> {
  const epochs: EpochEvent<M>[] = [];
  let end: { readonly result: FitResult<M> } | { readonly error: unknown } | undefined;
  const noted = (step: Taken<M>): Taken<M> =>
    step.then(
      (taken) => {
        if (taken.done) end ??= { error: leftEarly() };
        else if (taken.value.type === 'epoch') epochs.push(taken.value);
        else if (taken.value.type === 'end') end = { result: resultOf(taken.value, epochs) };
        return taken;
      },
      (error: unknown) => {
        end ??= { error };
        throw error;
      },
    );
  const run: FitRun<M> = {
    next: () => noted(events.next()),
    return: () => noted(events.return()),
    throw: (error) => noted(events.throw(error)),
    [Symbol.asyncIterator]: () => run,
    // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its result
    then: (onResult, onError) => toTheEnd().then(onResult, onError),
  };
  async function toTheEnd(): Promise<FitResult<M>> {
    while (end === undefined) await run.next();
    // Past its last event the run frees what it holds.
    await events.next();
    if ('error' in end) throw end.error;
    return end.result;
  }
  return run;
}

function resultOf<M extends Metrics>(
  { type: _, ...end }: EndEvent,
  epochs: readonly EpochEvent<M>[],
): FitResult<M> {
  const { loss, validation } = epochs.find(({ epoch }) => epoch === end.keptEpoch) ?? {};
  return { ...end, loss, validation, epochs };
}

const leftEarly = () =>
  new ArgumentError({
    operation: 'await fit',
    expected: 'a run that goes to its end',
    actual: 'one that was left before',
    remedy: 'Await it in place of a loop, or end it by a signal.',
  });
