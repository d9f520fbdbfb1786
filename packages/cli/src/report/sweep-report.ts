import {
  bestOf,
  type Choice,
  describeChanges,
  frontOf,
  type SweepSpec,
  type TrialOutcome,
} from '@funhash/experiments';
import { escapeHtml } from '@funhash/hashing';
import { grouped, percent } from '../terminal/output.ts';
import { tableHtml } from './html.ts';
import type { Section } from './page.ts';

/** A trial that came to something. */
type Finished = TrialOutcome & { readonly error: number; readonly bytes: number };

/** What a sweep came to: parallel coordinates, error against bytes, the front, the best, and what failed. */
export function sweepSections(sweep: SweepSpec, outcomes: readonly TrialOutcome[]): Section[] {
  const finished = outcomes.filter(
    (outcome): outcome is Finished => outcome.error !== null && outcome.bytes !== null,
  );
  const failed = outcomes.filter(({ error }) => error === null);
  const front = frontOf(finished);
  const best = bestOf(outcomes, sweep.goal);
  const ranked = [...finished].sort((a, b) => a.error - b.error);
  return [
    ...(finished.length === 0
      ? []
      : [
          {
            title: 'All runs',
            text: 'A line is a run, from what it was given to what it came to; dark lines have small errors. Point at one for its values.',
            html: parallelOf(fieldsOf(sweep), ranked),
          },
          {
            title: 'Error against bytes',
            text: 'Errors are those on the validation samples, bytes those of the model files. The line joins the runs that no other beats in both.',
            html: scatterOf(ranked, front),
          },
          { title: 'On the line', html: rowsHtml(front, best) },
          { title: `The best ${Math.min(20, ranked.length)}`, html: rowsHtml(ranked.slice(0, 20), best) },
        ]),
    ...(failed.length === 0
      ? []
      : [
          {
            title: 'What failed',
            html: tableHtml(
              [{ title: 'run' }, { title: 'fields' }, { title: 'why' }],
              failed.map(({ hash, changes, failure = '' }) => ({
                cells: [hash, describeChanges(changes), failure.slice(0, 300)],
              })),
            ),
          },
        ]),
  ];
}

/** All fields that differ; those that go together have the values of their list, of which some trials have none. */
function fieldsOf({ vary, among = [] }: SweepSpec): SweepSpec['vary'] {
  const names = new Set(among.flatMap((changes) => Object.keys(changes)));
  const listed = [...names].map((name) => {
    const texts = new Set(among.map((changes) => JSON.stringify(changes[name] ?? null)));
    return [name, [...texts].map((text) => JSON.parse(text) as unknown)] as const;
  });
  return { ...Object.fromEntries(listed), ...vary };
}

function rowsHtml(outcomes: readonly TrialOutcome[], best: TrialOutcome | undefined): string {
  return tableHtml(
    [
      { title: 'run' },
      { title: 'validation error %', isNumber: true },
      { title: 'bytes', isNumber: true },
      { title: 'epochs', isNumber: true },
      { title: 'fields' },
    ],
    outcomes.map(({ hash, error, bytes, epochs, changes }) => ({
      cells: [hash, percent([error ?? Number.NaN]), grouped(bytes ?? 0), epochs, describeChanges(changes)],
      isChosen: hash === best?.hash,
    })),
  );
}

const [width, height, margin] = [900, 320, 40];

interface Axis {
  readonly title: string;
  readonly ticks: readonly (readonly [text: string, at: number])[];
  /** Height on the axis: 0 below, 1 above. */
  at(outcome: Finished): number;
}

function axisOf(name: string, choice: Choice): Axis {
  const title = name.split('.').at(-1) as string;
  if (Array.isArray(choice)) {
    const texts = choice.map((value) => JSON.stringify(value));
    const place = (k: number): number => (choice.length === 1 ? 0.5 : k / (choice.length - 1));
    const shown = (value: unknown): string =>
      typeof value === 'string' ? value : value === null ? '–' : JSON.stringify(value);
    return {
      title,
      ticks: choice.map((value, k) => [shown(value), place(k)] as const),
      at: ({ changes }) => place(Math.max(0, texts.indexOf(JSON.stringify(changes[name] ?? null)))),
    };
  }
  const { from, to, scale } = choice as Exclude<Choice, readonly unknown[]>;
  return numbersAxis(title, from, to, scale === 'log', ({ changes }) => Number(changes[name]));
}

function numbersAxis(
  title: string,
  from: number,
  to: number,
  isLog: boolean,
  value: (outcome: Finished) => number,
  shown = (x: number) => String(Number(x.toPrecision(3))),
): Axis {
  const place = (x: number): number => {
    if (from === to) return 0.5;
    return isLog ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from);
  };
  const places = from === to ? [0.5] : [0, 0.5, 1];
  const ticks = places.map((at) => {
    const x = isLog ? from * (to / from) ** at : from + at * (to - from);
    return [shown(x), at] as const;
  });
  return { title, ticks, at: (outcome) => place(value(outcome)) };
}

const extremes = (values: readonly number[]): [number, number] =>
  values.reduce<[number, number]>(
    ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );

const inPercent = (x: number): string => `${(100 * x).toFixed(2)} %`;

function outcomeAxes(finished: readonly Finished[]): [bytes: Axis, error: Axis] {
  const [least, most] = extremes(finished.map(({ bytes }) => bytes));
  const [low, high] = extremes(finished.map(({ error }) => error));
  return [
    numbersAxis(
      'bytes',
      least,
      most,
      most > 4 * least,
      ({ bytes }) => bytes,
      (x) => grouped(Math.round(x)),
    ),
    numbersAxis('error', low, high, low > 0 && high > 6 * low, ({ error }) => error, inPercent),
  ];
}

function parallelOf(vary: SweepSpec['vary'], ranked: readonly Finished[]): string {
  const axes = [
    ...Object.entries(vary).map(([name, choice]) => axisOf(name, choice)),
    ...outcomeAxes(ranked),
  ];
  const x = (k: number): number => margin + (k * (width - 2 * margin)) / (axes.length - 1);
  const y = (at: number): string => (margin + (1 - at) * (height - 2 * margin)).toFixed(1);
  // The best last, on top of the others.
  const lines = [...ranked].reverse().map((outcome, k) => {
    const share = ranked.length === 1 ? 1 : k / (ranked.length - 1);
    const points = axes.map((axis, i) => `${x(i).toFixed(1)},${y(axis.at(outcome))}`).join(' ');
    const title = `${outcome.hash}: ${describeChanges(outcome.changes)}; ${inPercent(outcome.error)}, ${grouped(outcome.bytes)} bytes`;
    return `<polyline points="${points}" style="--o:${(0.12 + 0.8 * share ** 3).toFixed(2)}"><title>${escapeHtml(title)}</title></polyline>`;
  });
  const stands = axes.map((axis, k) => {
    const few =
      axis.ticks.length > 12
        ? axis.ticks.filter((_, i) => i % Math.ceil(axis.ticks.length / 12) === 0)
        : axis.ticks;
    const isLast = k === axes.length - 1;
    const texts = few.map(
      ([text, at]) =>
        `<text x="${x(k) + (isLast ? -5 : 5)}" y="${y(at)}" dy="4"${isLast ? ' text-anchor="end"' : ''}>${escapeHtml(text.slice(0, 28))}</text>`,
    );
    const anchor = k === 0 ? 'start' : isLast ? 'end' : 'middle';
    return `<line x1="${x(k)}" x2="${x(k)}" y1="${margin}" y2="${height - margin}"/><text class="name" x="${x(k)}" y="${margin - 14}" text-anchor="${anchor}">${escapeHtml(axis.title)}</text>${texts.join('')}`;
  });
  return `<div class="scroll"><svg class="parallel" viewBox="0 0 ${width} ${height}" role="img" aria-label="Runs as lines over their fields, bytes and error"><g class="lines">${lines.join('')}</g><g class="axes">${stands.join('')}</g></svg></div>`;
}

function scatterOf(ranked: readonly Finished[], front: readonly Finished[]): string {
  const [bytes, error] = outcomeAxes(ranked);
  const [left, below] = [70, 34];
  const x = (outcome: Finished): string => (left + bytes.at(outcome) * (width - left - margin)).toFixed(1);
  const y = (outcome: Finished): string =>
    (margin / 2 + (1 - error.at(outcome)) * (height - margin / 2 - below)).toFixed(1);
  const points = ranked.map((outcome) => {
    const title = `${describeChanges(outcome.changes)}: ${inPercent(outcome.error)}, ${grouped(outcome.bytes)} bytes`;
    const isBest = front.includes(outcome);
    return `<circle cx="${x(outcome)}" cy="${y(outcome)}" r="${isBest ? 5 : 3.5}"${isBest ? ' class="best"' : ''}><title>${escapeHtml(title)}</title></circle>`;
  });
  const line = front.map((outcome) => `${x(outcome)},${y(outcome)}`).join(' ');
  const down = bytes.ticks.map(
    ([text, at], k) =>
      `<text x="${(left + at * (width - left - margin)).toFixed(1)}" y="${height - 10}" text-anchor="${['start', 'middle', 'end'][2 * at]}">${escapeHtml(text)}${k === bytes.ticks.length - 1 ? ' bytes' : ''}</text>`,
  );
  const up = error.ticks.map(
    ([text, at]) =>
      `<text x="${left - 10}" y="${(margin / 2 + (1 - at) * (height - margin / 2 - below)).toFixed(1)}" dy="4" text-anchor="end">${escapeHtml(text)}</text>`,
  );
  return `<div class="scroll"><svg class="parallel scatter" viewBox="0 0 ${width} ${height}" role="img" aria-label="Validation error against bytes of the model file"><polyline class="front" points="${line}"/>${points.join('')}<g class="axes">${down.join('')}${up.join('')}</g></svg></div>`;
}
