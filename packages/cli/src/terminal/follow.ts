import type { EpochEvent, RunEvent, RunResult, StepEvent } from '@funhash/experiments';
import { DivergedRunError, InterruptedError } from '../errors.ts';
import { onInterrupt } from './interrupt.ts';
import { lossText, type Printer, percent } from './output.ts';
import { progress, type Task } from './progress.ts';
import { sparkline } from './sparkline.ts';

interface FollowOptions {
  /** What is trained. */
  readonly title: string;
  readonly epochs: number;
  /** Called before an event is shown; a note that it gives stands above the progress. */
  readonly onEvent: (event: RunEvent, note: Printer['note']) => void;
  /** What is left to do after an interruption: the sentence after how far it came. */
  readonly remedy: () => string;
}

/** Losses whose course a line shows, and in how many characters. */
const [mostLosses, sparkWidth] = [400, 8];
const lossesOf = new WeakMap<Task, number[]>();

/** Shows how far a run has come on its task. @param epochs that it has in all */
export function show(event: StepEvent | EpochEvent, task: Task | undefined, epochs: number): void {
  if (event.type === 'step') {
    if (!task) return;
    const losses = lossesOf.get(task) ?? [];
    lossesOf.set(task, losses);
    if (losses.push(event.loss) > mostLosses) losses.shift();
    task.update(event.step, `loss ${lossText(event.loss)} ${sparkline(losses, sparkWidth)}`);
    return;
  }
  const { epoch, loss, seconds, validation } = event;
  const error = percent([validation?.errorRate ?? Number.NaN]);
  task?.milestone(
    `epoch ${epoch}/${epochs}: loss ${lossText(loss)}, validation error ${error} %, ${seconds.toFixed(1)} s`,
  );
}

/**
 * Shows what happens in a run, until its end; Ctrl-C, SIGTERM and SIGHUP end it after the step under way.
 *
 * @throws InterruptedError where it was aborted, DivergedRunError where a loss was not finite
 */
export async function follow(
  run: (signal: AbortSignal) => AsyncIterable<RunEvent>,
  { title, epochs, onEvent, remedy }: FollowOptions,
  output: Printer,
): Promise<RunResult> {
  const shown = progress(output);
  const stop = onInterrupt();
  let task: Task | undefined;
  try {
    for await (const event of run(stop.signal)) {
      onEvent(event, shown.note);
      if (event.type === 'start' && event.epochs > 0) task = shown.task(title, event.steps, event.step);
      else if (event.type === 'step' || event.type === 'epoch') show(event, task, epochs);
      else if (event.type === 'end') {
        if (event.reason === 'aborted')
          throw new InterruptedError(`Interrupted after step ${event.step}. ${remedy()}`, stop.cause);
        if (event.reason === 'diverged') throw new DivergedRunError(event.message ?? 'The run diverged.');
        task?.finish();
      } else if (event.type === 'notice') shown.note(event.message);
      else if (event.type === 'result') return event.result;
    }
  } finally {
    stop.release();
    shown.close();
  }
  throw new InterruptedError(`The run ended without a result. ${remedy()}`, stop.cause);
}
