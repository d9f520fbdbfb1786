import type { Dataset } from '@funhash/datasets';
import type { TableDataset } from '@funhash/datasets/tables';
import type { CalibrationBin, Mistake, NumberAnswer, NumberErrors, RunResult } from '@funhash/experiments';
import { escapeHtml } from '@funhash/hashing';
import { grouped, percent } from '../terminal/output.ts';
import { tableHtml } from './html.ts';
import type { Section } from './page.ts';

/** Whether samples are rows of a table. */
export const isTable = (data: Dataset): data is TableDataset => 'columns' in data && 'testRows' in data;

/** What the error of numbers is, in a sentence. */
export const errorOfNumbers =
  'The error of numbers is the share of their variance that is not explained, 1 − R².';

/** How far numbers are off, in a line. */
export function numbersText({ rootMeanSquared, meanAbsolute, r2 }: NumberErrors): string {
  return (
    `of the test samples ${percent([r2])} % of the variance is explained; root mean squared error ` +
    `${inUnit(rootMeanSquared)}, mean absolute error ${inUnit(meanAbsolute)}, in the unit of the target`
  );
}

const inUnit = (value: number): string => String(Number(value.toPrecision(4)));

/** Rows of a table that are left out, and those that cannot be answered right; empty where there are none. */
export function oddRows({ leftOut, unseen }: TableDataset): string {
  return [
    ...(leftOut > 0 ? [`${grouped(leftOut)} rows without a target were left out.`] : []),
    ...(unseen > 0
      ? [`${grouped(unseen)} test rows are of a class that no training row has: they count as wrong.`]
      : []),
  ].join(' ');
}

/** What was found in the columns of a table, and what became of them. */
export function columnsSection(data: Dataset | undefined): Section[] {
  if (!data || !isTable(data)) return [];
  const rows = data.columns.map(({ name, kind, found }) => ({ cells: [name, kind, found] }));
  return [
    {
      title: 'Columns',
      text: `${data.description}. Statistics are of the training rows. ${oddRows(data)}`,
      html: tableHtml([{ title: 'column' }, { title: 'kind' }, { title: 'found' }], rows),
    },
  ];
}

/** Numbers that a net found beside those that they should be, and the rows that it is most wrong about. */
export function residualsSection({ numbers, answers }: RunResult, data: Dataset): Section[] {
  if (!numbers) return [];
  const text = `So far off: ${numbersText(numbers)}.`;
  if (!answers) return [{ title: 'Residuals', text }];
  const worst = [...answers].sort((a, b) => off(b) - off(a)).slice(0, 12);
  return [
    {
      title: 'Residuals',
      text: `${text} Each point is one of ${grouped(answers.length)} test samples; on the line it would be right.`,
      html: scatterOf(answers),
    },
    ...(isTable(data)
      ? [
          {
            title: 'Worst mistakes',
            html: rowsHtml(
              data,
              worst.map(({ index, target, output }) => [index, inUnit(target), inUnit(output)]),
            ),
          },
        ]
      : []),
  ];
}

const off = ({ target, output }: NumberAnswer): number => Math.abs(target - output);

/** Rows that a net took for another class, those with the most confidence first. */
export function wrongRowsSection(mistakes: readonly Mistake[] | undefined, data: Dataset): Section[] {
  if (!mistakes || mistakes.length === 0 || !isTable(data)) return [];
  const named = (label: number): string => data.classNames?.[label] ?? String(label);
  const cells = mistakes.map(
    ({ index, label, predicted, probability }) =>
      [index, named(label), `${named(predicted)} (${(100 * probability).toFixed(0)} %)`] as const,
  );
  return [
    {
      title: 'Worst mistakes',
      text: 'Wrong rows, those with the most confidence first.',
      html: rowsHtml(data, cells),
    },
  ];
}

function rowsHtml(
  data: TableDataset,
  mistakes: readonly (readonly [index: number, target: string, output: string])[],
): string {
  const shown = data.columns.flatMap(({ kind }, k) => (kind === 'target' ? [] : [k])).slice(0, 12);
  const rows = mistakes.flatMap(([index, target, output]) => {
    const row = data.testRows[index];
    const short = (cell = ''): string => (cell.length > 80 ? `${cell.slice(0, 79)}…` : cell);
    return row ? [{ cells: [index, target, output, ...shown.map((k) => short(row[k]))] }] : [];
  });
  const titles = ['test row', 'is', 'said', ...shown.map((k) => data.columns[k]?.name ?? '')];
  return tableHtml(
    titles.map((title) => ({ title })),
    rows,
  );
}

/** How right a net is where it says how sure it is. */
export function calibrationSection(bins: readonly CalibrationBin[] | undefined): Section[] {
  const filled = (bins ?? []).filter(({ count }) => count > 0);
  if (filled.length === 0) return [];
  const total = filled.reduce((sum, { count }) => sum + count, 0);
  // Naeini et al. 2015: the mean distance between probability and share of right answers.
  const error =
    filled.reduce((sum, bin) => sum + bin.count * Math.abs(bin.right - bin.probability), 0) / total;
  const rows = filled.map(({ count, probability, right }) => ({
    cells: [`${(100 * probability).toFixed(1)} %`, `${(100 * right).toFixed(1)} %`, grouped(count)],
  }));
  return [
    {
      title: 'Calibration',
      text: `How often the answer is right, by the probability that the net gives it. They differ by ${(100 * error).toFixed(1)} % on average.`,
      html: tableHtml(
        [
          { title: 'said', isNumber: true },
          { title: 'right', isNumber: true },
          { title: 'samples', isNumber: true },
        ],
        rows,
      ),
    },
  ];
}

const side = 360;

function scatterOf(answers: readonly NumberAnswer[]): string {
  const all = answers.flatMap(({ target, output }) => [target, output]);
  const [least, most] = all.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ) as [number, number];
  const at = (value: number): string => ((side * (value - least)) / (most - least || 1)).toFixed(1);
  const down = (value: number): string => (side - Number(at(value))).toFixed(1);
  const points = answers.map(
    ({ target, output }) => `<circle cx="${at(target)}" cy="${down(output)}" r="2.2"/>`,
  );
  const label = escapeHtml(`targets from ${least} to ${most} against what the net says`);
  return (
    `<svg class="plot" viewBox="-8 -8 ${side + 16} ${side + 34}" role="img" aria-label="${label}">` +
    `<path d="M0 ${side}L${side} 0" stroke="var(--line)"/><g fill="var(--s0)" fill-opacity="0.55">${points.join('')}</g>` +
    `<text x="0" y="${side + 20}">${escapeHtml(String(Number(least.toPrecision(4))))}</text>` +
    `<text x="${side}" y="${side + 20}" text-anchor="end">target ${escapeHtml(String(Number(most.toPrecision(4))))}</text></svg>`
  );
}
