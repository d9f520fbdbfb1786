import {
  bestOf,
  describeChanges,
  type RunEvent,
  type SweepSpec,
  type Trial,
  type TrialOutcome,
} from '@funhash/experiments';
import { tableHtml } from '../report/html.ts';
import { sweepSections } from '../report/sweep-report.ts';
import { duration, grouped, lossText, percent } from '../terminal/output.ts';
import { progressHtml } from './facts.ts';
import type { View } from './watch-server.ts';

interface UnderWay {
  readonly changes: string;
  readonly epochs: number;
  epoch: number;
  loss: number;
  error: number;
}

/** How far a sweep is. */
interface SweepState {
  readonly outcomes: readonly TrialOutcome[];
  readonly done: number;
  readonly count: number;
  /** Seconds. */
  readonly passed: number;
  readonly left: number;
}

/** What a page shows of a sweep, by the events of its runs and what they come to. */
export class SweepView {
  readonly #sweep: SweepSpec;
  readonly #text: Pick<View, 'title' | 'intro'>;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(sweep: SweepSpec, text: Pick<View, 'title' | 'intro'>) {
    this.#sweep = sweep;
    this.#text = text;
  }

  take({ hash, changes, spec }: Trial, event: RunEvent): void {
    const known = this.#underWay.get(hash) ?? {
      ...{ changes: describeChanges(changes), epochs: spec.epochs, epoch: 0 },
      ...{ loss: Number.NaN, error: Number.NaN },
    };
    this.#underWay.set(hash, known);
    if (event.type !== 'step' && event.type !== 'epoch') return;
    known.epoch = event.epoch;
    known.loss = event.loss;
    if (event.type === 'epoch') known.error = event.validation?.errorRate ?? Number.NaN;
  }

  drop(hash: string): void {
    this.#underWay.delete(hash);
  }

  view({ outcomes, done, count, passed, left }: SweepState): View {
    const best = bestOf(outcomes, this.#sweep.goal);
    return {
      ...this.#text,
      sections: [
        {
          title: 'Progress',
          html: progressHtml(count > 0 ? done / count : 1, [
            ['runs', `${grouped(done)} of ${grouped(count)}`],
            ['passed', duration(1000 * passed)],
            ['left, about', Number.isFinite(left) ? duration(1000 * left) : '–'],
            ...(best
              ? ([
                  ['best validation error', `${percent([best.error ?? Number.NaN])} %`],
                  ['of a file of', `${grouped(best.bytes ?? 0)} bytes`],
                ] as const)
              : []),
          ]),
        },
        ...(this.#underWay.size === 0 ? [] : [{ title: 'Under way', html: this.#rows() }]),
        ...sweepSections(this.#sweep, outcomes),
      ],
    };
  }

  #rows(): string {
    const numbers = ['epoch', 'loss', 'validation error %'].map((title) => ({ title, isNumber: true }));
    const told = (value: number, text: string): string => (Number.isNaN(value) ? '–' : text);
    return tableHtml(
      [{ title: 'run' }, ...numbers, { title: 'fields' }],
      [...this.#underWay].map(([hash, { changes, epoch, epochs, loss, error }]) => ({
        cells: [
          hash,
          `${grouped(epoch)} of ${grouped(epochs)}`,
          told(loss, lossText(loss)),
          told(error, percent([error])),
          changes,
        ],
      })),
    );
  }
}
