import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ImageDataset } from '@funhash/datasets';
import {
  type ArmOutcome,
  type ComparisonPlan,
  formatRatio,
  type NewNetSpec,
  netName,
  shapeOf,
} from '@funhash/experiments';
import { type CompareConfig, compareSettings } from '../settings/compare-settings.ts';
import { grouped, percent, spreadOf } from '../terminal/output.ts';
import { script, style } from './page.ts';
import { picture, signedPicture } from './pictures.ts';
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

/** What a chart of the page draws: one line for each series, over common values of x. */
interface Chart {
  readonly title: string;
  readonly x: { readonly label: string; readonly isLog: boolean; readonly values: readonly number[] };
  readonly y: string;
  readonly series: readonly {
    readonly name: string;
    readonly color: number;
    readonly values: readonly (number | null)[];
  }[];
}

/** The report of a comparison: one HTML file that needs nothing else. */
export async function reportOf(input: ReportInput): Promise<string> {
  const { config, plan, images, outcomes, rows, summary } = input;
  const require = createRequire(import.meta.url);
  const library = await readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8');
  const libraryStyle = await readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8');
  const schemes = [...new Set(rows.map(({ scheme }) => scheme))];
  const charts = chartsOf(input, schemes);
  const title = `${summary.data}: ${schemes.length} schemes at equal stored size`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${libraryStyle}
${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(images.description)}. Nets of ${escapeHtml(netName(shapeOf(plan.base.net as NewNetSpec, images)))}; each scheme decodes the weights from
the same number of stored values and trains on the same ${grouped(summary.trainCount)} images for ${config.epochs} epochs. Choices were made on
${grouped(summary.validationCount)} validation images; the ${grouped(summary.testCount)} test images were used once, at the end.</p>
</header>
<main>
<section><h2>Results</h2>${resultTable(rows, schemes)}</section>
<section><h2>Learning curves and size</h2><div class="charts">${charts
    .map(
      ({ title: name }, k) =>
        `<figure><figcaption>${escapeHtml(name)}</figcaption><div class="chart" data-chart="${k}"></div></figure>`,
    )
    .join('')}</div></section>
${unitsSection(outcomes, images)}
<section><h2>Mistakes</h2>
<p>Test images that the net of the first seed got wrong with the most confidence: label → prediction.</p>
${outcomes.map((outcome) => mistakesOf(outcome, images)).join('')}</section>
<section><h2>To repeat this</h2>
<pre><code>${escapeHtml(commandOf(config))}</code></pre>
<details><summary>Configuration</summary><pre><code>${escapeHtml(JSON.stringify(config, null, 2))}</code></pre></details>
<details><summary>How each scheme spends its budget</summary>${layoutTable(rows)}</details>
</section>
</main>
<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll('<', '\\u003c')}</script>
<script>${library.replaceAll('</script', '<\\/script')}</script>
<script>${script}</script>
</body>
</html>
`;
}

function resultTable(rows: readonly SummaryRow[], schemes: readonly string[]): string {
  const worst = rows
    .flatMap(({ testErrors }) => testErrors)
    .reduce((most, error) => Math.max(most, error), 0);
  const best = new Map<string, number>();
  const meanOf = ({ testErrors }: SummaryRow): number =>
    testErrors.length === 0 ? Number.POSITIVE_INFINITY : spreadOf(testErrors).mean;
  for (const row of rows)
    best.set(row.ratio, Math.min(best.get(row.ratio) ?? Number.POSITIVE_INFINITY, meanOf(row)));
  const lines = rows.map((row) => {
    const mean = meanOf(row);
    const error = Number.isFinite(mean) ? percent(row.testErrors) : 'diverged';
    const width = Number.isFinite(mean) && worst > 0 ? (100 * mean) / worst : 0;
    return (
      `<tr${mean === best.get(row.ratio) ? ' class="best"' : ''}><th scope="row"><i class="dot" style="--c:var(--s${schemes.indexOf(row.scheme) % 8})"></i>${escapeHtml(row.scheme)}</th>` +
      `<td>${escapeHtml(row.ratio)}</td><td>${escapeHtml(netName(row))}</td><td class="n">${grouped(row.stored)}</td><td class="n">${grouped(row.bytesOnDisk)}</td>` +
      `<td class="n">${row.learningRate}</td><td class="n">${row.testErrors.length === 0 ? '–' : percent(row.validationErrors)}</td>` +
      `<td class="n bar"><span style="--w:${width.toFixed(1)}%;--c:var(--s${schemes.indexOf(row.scheme) % 8})"></span>${error}</td><td class="n">${row.secondsPerEpoch.toFixed(1)}</td></tr>`
    );
  });
  return `<div class="scroll"><table><thead><tr><th>scheme</th><th>ratio</th><th>net</th><th class="n">stored values</th><th class="n">bytes on disk</th>
<th class="n">step</th><th class="n">validation error %</th><th class="n">test error %</th><th class="n">s / epoch</th></tr></thead><tbody>${lines.join('')}</tbody></table></div>
<p class="note">Step: learning rate in units of each tensor's scale.${rows.some(({ testErrors }) => testErrors.length > 1) ? ' ± standard deviation over seeds.' : ' One seed: differences of a few tenths may be chance.'}</p>`;
}

function layoutTable(rows: readonly SummaryRow[]): string {
  const lines = rows.map(
    ({ scheme, ratio, weights, ...net }) =>
      `<tr><th scope="row">${escapeHtml(scheme)}</th><td>${escapeHtml(ratio)}</td><td>${escapeHtml(netName(net))}</td><td><code>${escapeHtml(weights.join('  '))}</code></td></tr>`,
  );
  return `<div class="scroll"><table><thead><tr><th>scheme</th><th>ratio</th><th>net</th><th>weights, layer by layer</th></tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}

function chartsOf({ config, outcomes, rows }: ReportInput, schemes: readonly string[]): Chart[] {
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
  const tested = rows.filter(({ testErrors }) => testErrors.length > 0);
  const sizes = [...new Set(tested.map(({ stored }) => stored))].sort((a, b) => a - b);
  const bySize: Chart = {
    title: 'Test error by stored size',
    x: { label: 'stored values', isLog: true, values: sizes },
    y: 'test error %',
    series: schemes.map((scheme) => ({
      name: scheme,
      color: color(scheme),
      values: sizes.map((size) => {
        const row = tested.find((one) => one.scheme === scheme && one.stored === size);
        return row ? 100 * spreadOf(row.testErrors).mean : null;
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
  return [...curves, bySize, ...scans];
}

const armTitle = ({ arm }: ArmOutcome): string => `${arm.scheme}, ${formatRatio(arm.ratio)}`;

function unitsSection(outcomes: readonly ArmOutcome[], images: ImageDataset): string {
  const pictures = outcomes.map((outcome) => unitsOf(outcome, images)).join('');
  if (pictures === '') return '';
  return `<section><h2>What the hidden units look for</h2>
<p>Virtual weights of the first hidden units, decoded from the stored values: red above zero, blue below.</p>
${pictures}</section>`;
}

function unitsOf(outcome: ArmOutcome, { width, height, channels }: ImageDataset): string {
  if (channels !== 1 || outcome.units.length === 0) return '';
  const pictures = outcome.units.map((values, k) => {
    const limit = quantile(values, 0.99);
    return `<img src="${signedPicture(values, width, height, limit)}" alt="hidden unit ${k}" width="${3 * width}" height="${3 * height}">`;
  });
  return `<div class="row"><h3>${escapeHtml(armTitle(outcome))}</h3><div class="units">${pictures.join('')}</div></div>`;
}

// The few largest weights would leave all others pale.
function quantile(values: readonly number[], share: number): number {
  const sizes = values.map(Math.abs).sort((a, b) => a - b);
  return sizes[Math.floor(share * (sizes.length - 1))] as number;
}

function mistakesOf(outcome: ArmOutcome, { width, height, channels, test }: ImageDataset): string {
  if (outcome.runs.length === 0) return '';
  const size = width * height * channels;
  const pictures = outcome.mistakes.map(
    ({ index, label, predicted, probability }) =>
      `<figure title="test image ${index}, ${(100 * probability).toFixed(1)} % sure"><img src="${picture(test.inputs.subarray(index * size, (index + 1) * size), width, height)}" alt="test image ${index}: ${label} taken for ${predicted}" width="${3 * width}" height="${3 * height}"><figcaption>${label} → <b>${predicted}</b></figcaption></figure>`,
  );
  const wrong = Math.round((outcome.runs[0]?.testError ?? 0) * test.count);
  return `<div class="row"><h3>${escapeHtml(armTitle(outcome))} <small>${grouped(wrong)} wrong</small></h3><div class="mistakes">${pictures.join('')}</div></div>`;
}

/** The command line that gives the same comparison again. */
function commandOf(config: CompareConfig): string {
  const quoted = (value: string): string =>
    /^[\w./,:=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
  const flags = Object.entries(compareSettings).flatMap(([name, { flag }]) => {
    const value = config[name as keyof CompareConfig];
    return value === undefined ? [] : [`${flag.split(' ')[0]} ${quoted(String(value))}`];
  });
  return ['funhash compare', ...flags].join(' \\\n  ');
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
