import type { EpochRecord, RunEvent, StartEvent, StepEvent } from '@funhash/experiments';
import { errorOfNumbers } from '../report/answers.ts';
import { curvesSection } from '../report/model-report.ts';
import type { Section } from '../report/page.ts';
import { sizesHtml } from '../report/sizes.ts';
import { duration, grouped, lossText, percent } from '../terminal/output.ts';
import { progressHtml } from './facts.ts';
import { Losses } from './losses.ts';
import type { View } from './watch-server.ts';

interface RunViewOptions {
  readonly title: string;
  /** Whether errors are shares of a variance. */
  readonly isOfNumbers: () => boolean;
}

/** What a page shows of a run, by its events. */
export class RunView {
  readonly #options: RunViewOptions;
  readonly #losses = new Losses();
  #epochs: EpochRecord[] = [];
  #start: StartEvent | undefined;
  #step: StepEvent | undefined;
  #begun = 0;

  constructor(options: RunViewOptions) {
    this.#options = options;
  }

  /** @param before epochs of a run that goes on */
  take(event: RunEvent, before: readonly EpochRecord[] = []): void {
    if (event.type === 'start') {
      this.#start = event;
      this.#epochs = before.filter(({ epoch }) => epoch <= event.epoch);
      this.#begun = performance.now();
    } else if (event.type === 'step') {
      this.#step = event;
      this.#losses.add(event.step, event.loss);
    } else if (event.type === 'epoch') {
      const { type: _, ...record } = event;
      this.#epochs.push(record);
    }
  }

  view(): View {
    const { title, isOfNumbers } = this.#options;
    const start = this.#start;
    const { name, train = 0, validation = 0 } = start?.data ?? {};
    const intro = start
      ? `${name ?? 'No data'}: ${grouped(train)} samples for training, ${grouped(validation)} for validation; ` +
        `${start.backend} backend; ${start.folder ?? 'nothing is kept'}`
      : '';
    return {
      title,
      intro,
      sections: [
        { title: 'Progress', html: this.#progress(), charts: [] },
        ...stepsSection(this.#losses),
        ...curvesSection(this.#epochs, 'Learning curves', isOfNumbers() ? errorOfNumbers : ''),
        ...(start ? [{ title: 'Sizes', html: sizesHtml(start.net.summary) }] : []),
      ],
    };
  }

  #progress(): string {
    const start = this.#start;
    if (!start) return progressHtml(0, [['so far', 'samples are read']]);
    const done = this.#step?.step ?? start.step;
    const passed = performance.now() - this.#begun;
    const left = done > start.step ? (passed / (done - start.step)) * (start.steps - done) : Number.NaN;
    const best = this.#epochs.reduce<EpochRecord | undefined>(
      (found, record) =>
        record.validation &&
        record.validation.errorRate < (found?.validation?.errorRate ?? Number.POSITIVE_INFINITY)
          ? record
          : found,
      undefined,
    );
    const epoch = Math.min(start.epochs, this.#step?.epoch ?? start.epoch);
    return progressHtml(start.steps > 0 ? done / start.steps : 1, [
      ['epoch', `${grouped(epoch)} of ${grouped(start.epochs)}`],
      ['step', `${grouped(done)} of ${grouped(start.steps)}`],
      ['passed', duration(passed)],
      ['left', Number.isFinite(left) ? duration(left) : '–'],
      ...(this.#step
        ? ([
            ['loss', lossText(this.#step.loss)],
            ['learning rate', String(Number(this.#step.learningRate.toPrecision(3)))],
          ] as const)
        : []),
      ...(best?.validation
        ? ([
            ['least validation error', `${percent([best.validation.errorRate])} % after epoch ${best.epoch}`],
          ] as const)
        : []),
    ]);
  }
}

function stepsSection(losses: Losses): Section[] {
  const charts = losses.chart('Loss by step');
  return charts.length === 0 ? [] : [{ title: 'Steps', charts }];
}
