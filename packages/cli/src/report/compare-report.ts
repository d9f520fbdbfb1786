import type { ImageDataset } from '@funhash/datasets';
import {
  type ArmOutcome,
  type ComparisonPlan,
  formatRatio,
  type NewNetSpec,
  netName,
  shapeOf,
} from '@funhash/experiments';
import { escapeHtml } from '@funhash/hashing';
import { type CompareConfig, compareSettings } from '../settings/compare-settings.ts';
import { grouped, percent, spreadOf } from '../terminal/output.ts';
import { type Chart, differ } from './charts.ts';
import { confusionHtml } from './confusion.ts';
import { barHtml, folded, tableHtml } from './html.ts';
import { mistakesHtml, unitsHtml } from './images.ts';
import { pageOf } from './page.ts';
import { commandText } from './repeat.ts';
import type { SummaryRow } from './summary.ts';

export interface ReportInput {
  readonly config: CompareConfig;
  readonly plan: ComparisonPlan;
  readonly images: ImageDataset;
  readonly outcomes: readonly ArmOutcome[];
  readonly rows: readonly SummaryRow[];
  readonly summary: {
    readonly data: string;
    readonly trainCount: number;
    readonly validationCount: number;
    readonly testCount: number;
    readonly seconds: number;
  };
}

/** The report of a comparison. */
export function compareReport(input: ReportInput): Promise<string> {
  const { config, plan, images, outcomes, rows, summary } = input;
  const schemes = [...new Set(rows.map(({ scheme }) => scheme))];
  const net = netName(shapeOf(plan.base.net as NewNetSpec, images));
  const units = outcomes.map((outcome) => unitsOf(outcome, images)).join('');
  return pageOf({
    title: `${summary.data}: ${schemes.length} schemes at equal stored size`,
    intro:
      `${images.description}. Nets of ${net}; each scheme decodes the weights from the same number of stored values and ` +
      `trains on the same ${grouped(summary.trainCount)} images for ${config.epochs} epochs. Choices were made on ` +
      `${grouped(summary.validationCount)} validation images; the ${grouped(summary.testCount)} test images were used once, at the end.`,
    sections: [
      { title: 'Results', html: resultTable(rows, schemes) },
      { title: 'Curves', charts: chartsOf(input, schemes) },
      {
        title: 'Confusion',
        text: 'Test images by their class and by what the net of the first seed says; open are those that validation chose.',
        html: confusions(outcomes, rows),
      },
      ...(units === ''
        ? []
        : [
            {
              title: 'What the hidden units look for',
              text: 'Virtual weights of the first hidden units, decoded from the stored values: red above zero, blue below.',
              html: units,
            },
          ]),
      {
        title: 'Mistakes',
        text: 'Test images that the net of the first seed got wrong with the most confidence: label → prediction.',
        html: outcomes.map((outcome) => mistakesOf(outcome, images)).join(''),
      },
      { title: 'How each scheme spends its budget', html: layoutTable(rows) },
    ],
    command: commandText(['compare'], compareSettings, config),
    config,
  });
}

const meanOf = (errors: readonly number[]): number =>
  errors.length === 0 ? Number.POSITIVE_INFINITY : spreadOf(errors).mean;

/** The row of each ratio that has the least validation error: test images choose nothing. */
function chosenRows(rows: readonly SummaryRow[]): Set<SummaryRow> {
  const chosen = new Map<string, SummaryRow>();
  for (const row of rows) {
    const best = chosen.get(row.ratio);
    if (
      row.validationErrors.length > 0 &&
      meanOf(row.validationErrors) < meanOf(best?.validationErrors ?? [])
    )
      chosen.set(row.ratio, row);
  }
  return new Set(chosen.values());
}

function resultTable(rows: readonly SummaryRow[], schemes: readonly string[]): string {
  const chosen = chosenRows(rows);
  const most = rows.reduce((found, { testErrors }) => {
    const { mean, std = 0 } = testErrors.length === 0 ? { mean: 0 } : spreadOf(testErrors);
    return Math.max(found, mean + std);
  }, 0);
  const lines = rows.map((row) => {
    const color = schemes.indexOf(row.scheme) % 8;
    const isThere = row.testErrors.length > 0;
    const { mean, std = 0 } = isThere ? spreadOf(row.testErrors) : { mean: 0 };
    const mark = chosen.has(row) ? '<span class="mark">chosen</span>' : '';
    const name = `<i class="dot" style="--c:var(--s${color})"></i>${escapeHtml(row.scheme)}${mark}`;
    return {
      isChosen: chosen.has(row),
      cells: [
        { html: name },
        row.ratio,
        isThere ? percent(row.validationErrors) : '–',
        isThere ? percent(row.testErrors) : 'diverged',
        barHtml(mean, most, { spread: std, color }),
        ...[grouped(row.stored), grouped(row.bytesOnDisk), netName(row), row.learningRate],
        row.secondsPerEpoch.toFixed(1),
      ],
    };
  });
  const number = (title: string) => ({ title, isNumber: true });
  const table = tableHtml(
    [
      ...[{ title: 'scheme' }, { title: 'ratio' }],
      ...['validation error %', 'test error %'].map(number),
      { title: '' },
      ...['stored values', 'bytes on disk'].map(number),
      { title: 'net' },
      ...['step', 's / epoch'].map(number),
    ],
    lines,
  );
  const isRepeated = rows.some(({ testErrors }) => testErrors.length > 1);
  return `${table}<p class="note">Chosen: the least validation error of its ratio. Step: learning rate in units of each tensor's scale. ${
    isRepeated
      ? 'Over seeds: mean ± standard deviation, in bars the line.'
      : 'One seed: differences of a few tenths may be chance.'
  }</p>`;
}

function confusions(outcomes: readonly ArmOutcome[], rows: readonly SummaryRow[]): string {
  const chosen = chosenRows(rows);
  return outcomes
    .map((outcome, k) => {
      const isChosen = chosen.has(rows[k] as SummaryRow);
      if (outcome.confusion.length === 0) return '';
      return folded(
        `${armTitle(outcome)}${isChosen ? ', chosen by validation' : ''}`,
        confusionHtml(outcome.confusion, armTitle(outcome)),
        isChosen,
      );
    })
    .join('');
}

function layoutTable(rows: readonly SummaryRow[]): string {
  return tableHtml(
    ['scheme', 'ratio', 'net', 'weights, layer by layer'].map((title) => ({ title })),
    rows.map(({ scheme, ratio, weights, ...net }) => ({
      cells: [scheme, ratio, netName(net), { html: `<code>${escapeHtml(weights.join('  '))}</code>` }],
    })),
  );
}

function chartsOf({ config, outcomes }: ReportInput, schemes: readonly string[]): Chart[] {
  const color = (scheme: string): number => schemes.indexOf(scheme) % 8;
  const ratios = [...new Set(outcomes.map(({ arm }) => arm.ratio))];
  const epochs = Array.from({ length: config.epochs }, (_, k) => k + 1);
  const curves = ratios.map(
    (ratio): Chart => ({
      title: `Validation error by epoch${ratios.length > 1 ? `, ratio ${formatRatio(ratio)}` : ''}`,
      x: { label: 'epoch', isLog: false, values: epochs },
      y: 'validation error %',
      series: outcomes
        .filter(({ arm, runs }) => arm.ratio === ratio && runs.length > 0)
        .map(({ arm, runs }) => ({
          name: arm.scheme,
          color: color(arm.scheme),
          values: epochs.map(
            (_, k) =>
              100 * spreadOf(runs.map((run) => run.epochs[k]?.validation?.errorRate ?? Number.NaN)).mean,
          ),
        })),
    }),
  );
  // Arms of a ratio were allowed the same; what each really stores is in the table.
  const tested = outcomes.filter(({ runs }) => runs.length > 0);
  const sizes = [...new Set(tested.map(({ arm }) => arm.budget))].sort((a, b) => a - b);
  const bySize: Chart = {
    title: 'Test error by stored size',
    x: { label: 'stored values allowed', isLog: true, values: sizes },
    y: 'test error %',
    series: schemes.map((scheme) => ({
      name: scheme,
      color: color(scheme),
      values: sizes.map((size) => {
        const found = tested.find(({ arm }) => arm.scheme === scheme && arm.budget === size);
        return found ? 100 * spreadOf(found.runs.map(({ testError }) => testError)).mean : null;
      }),
    })),
  };
  const scans = ratios.flatMap((ratio): Chart[] => {
    const own = outcomes.filter(({ arm, scan }) => arm.ratio === ratio && scan.length > 1);
    if (own.length === 0) return [];
    const rates = [...new Set(own.flatMap(({ scan }) => scan.map(({ learningRate }) => learningRate)))].sort(
      (a, b) => a - b,
    );
    return [
      {
        title: `Validation error by step size${ratios.length > 1 ? `, ratio ${formatRatio(ratio)}` : ''}`,
        x: { label: 'step, in units of the scale', isLog: true, values: rates },
        y: 'validation error %',
        series: own.map(({ arm, scan }) => ({
          name: arm.scheme,
          color: color(arm.scheme),
          values: rates.map((rate) => {
            const found = scan.find(({ learningRate }) => learningRate === rate)?.validationError;
            return found === null || found === undefined ? null : 100 * found;
          }),
        })),
      },
    ];
  });
  return [...curves, ...(differ(sizes) ? [bySize] : []), ...scans];
}

const armTitle = ({ arm }: ArmOutcome): string => `${arm.scheme}, ${formatRatio(arm.ratio)}`;

const titled = (outcome: ArmOutcome, note: string, html: string): string =>
  html &&
  `<div class="row"><h3>${escapeHtml(armTitle(outcome))}${note && ` <small>${note}</small>`}</h3>${html}</div>`;

function unitsOf(outcome: ArmOutcome, images: ImageDataset): string {
  return titled(outcome, '', unitsHtml(outcome.units, images, armTitle(outcome)));
}

function mistakesOf(outcome: ArmOutcome, images: ImageDataset): string {
  const [first] = outcome.runs;
  if (!first) return '';
  const wrong = Math.round(first.testError * images.test.count);
  return titled(
    outcome,
    `${grouped(wrong)} wrong`,
    mistakesHtml(outcome.mistakes, images, armTitle(outcome)),
  );
}
