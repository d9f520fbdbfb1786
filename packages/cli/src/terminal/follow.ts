import type { errorRate, FitEvent } from '@funhash/training';
import { InterruptedError } from '../errors.ts';
import { type Output, percent, progress, type Task } from './output.ts';

type Event = FitEvent<{ errorRate: typeof errorRate }>;

interface FollowOptions {
  /** What is trained. */
  readonly title: string;
  readonly epochs: number;
  /** Before an event is shown. */
  readonly onEvent: (event: Event) => void | Promise<void>;
  /** What is left to do after an interruption; the sentence after how far it came. */
  readonly remedy: string;
}

/**
 * Shows what happens in training, until its end.
 *
 * @throws InterruptedError where it was aborted
 */
export async function follow(
  events: AsyncIterable<Event>,
  { title, epochs, onEvent, remedy }: FollowOptions,
  output: Output,
): Promise<void> {
  const shown = progress(output);
  let task: Task | undefined;
  try {
    for await (const event of events) {
      await onEvent(event);
      if (event.type === 'start') task = shown.task(title, event.steps ?? 0);
      else if (event.type === 'step') task?.update(event.step, `loss ${event.loss.toFixed(4)}`);
      else if (event.type === 'epoch') {
        const { epoch, loss, seconds, validation } = event;
        task?.milestone(
          `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, validation error ` +
            `${percent([validation?.errorRate ?? Number.NaN])} %, ${seconds.toFixed(1)} s`,
        );
      } else if (event.type === 'end' && event.reason === 'aborted')
        throw new InterruptedError(`Interrupted after step ${event.step}. ${remedy}`);
    }
    task?.finish();
  } finally {
    shown.close();
  }
}
