import { checkOptions, escapeHtml, type OptionsOf, option } from '@funhash/hashing';
import type { Campaign } from '../generation/campaign.ts';
import { heatRows, heatStep } from '../generation/tally.ts';
import { editScript } from '../oracle/edits.ts';
import { requireCampaign } from './require-campaign.ts';
import { bitmap, heatMap, lineChart } from './svg.ts';

const textRules = {
  model: option.required(option.text()),
  data: option.required(option.text()),
  /** Command that makes it again. */
  command: option.text(),
  /** Command that replays the adversarial example of a seed. */
  replay: option.callable<(seed: number) => string>(),
  /** The word of a token; undefined for one that is not known. Default: numbers. */
  word: option.callable<(token: number) => string | undefined>(),
  /** Names of classes. Default: numbers. */
  classes: option.list(option.text()),
  /** Fewest kept tests that cover the same. */
  minimal: option.integer(),
} as const;

/** What a report says besides the campaign. */
export type ReportText = OptionsOf<typeof textRules>;

/** Numbers of a report, as JSON. */
export function reportJson(campaign: Campaign, text: ReportText): object {
  requireCampaign('reportJson', campaign);
  checkOptions('reportJson', textRules, text);
  const { model, data, command, minimal } = text;
  const { probe, coverage, kept, adversarial, history, oracle, seeds, wrongSeeds, executions, strategy } =
    campaign;
  return {
    model,
    data,
    ...(command !== undefined && { command }),
    strategy,
    executions,
    seeds: seeds.length,
    wrongSeeds,
    oracle: oracle.description,
    window: { first: probe.window.first, steps: probe.window.steps, from: probe.window.from },
    metrics: probe.metrics.map(({ id, title, signal, aggregate, features, constants, request, label }) => {
      const set = coverage.of(id);
      const missing = Array.from({ length: features }, (_, k) => k).filter((k) => !set.has(k));
      return {
        id,
        title,
        signal,
        aggregate,
        options: request,
        features,
        covered: set.count,
        ...(constants && { constants }),
        uncovered: missing.slice(0, 500).map(label),
        raisedBy: kept.filter(({ raised }) => raised[id]).length,
      };
    }),
    keptTests: kept.map(({ test, execution, raised }) => ({ seed: test.seed, execution, raised })),
    ...(minimal !== undefined && { minimalSuite: minimal }),
    failingSeeds: adversarial.length,
    adversarial: adversarial.map(({ test, ...one }) => ({ seed: test.seed, ...one })),
    history,
  };
}

/** The report as one HTML file that needs nothing else: no script, no network. */
export function reportPage(campaign: Campaign, text: ReportText): string {
  requireCampaign('reportPage', campaign);
  checkOptions('reportPage', textRules, text);
  const { probe, coverage, history, adversarial, seeds, oracle, executions, strategy, kept } = campaign;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const rows = probe.metrics
    .map(({ id, title, features, signal, aggregate, constants }) => {
      const set = coverage.of(id);
      const raisedBy = kept.filter(({ raised }) => raised[id]).length;
      return `<tr><th>${escapeHtml(title)} <code>${escapeHtml(id)}</code></th><td><code>${escapeHtml(signal)}</code> ${aggregate}</td><td class="n">${set.count} of ${features}</td><td class="n">${percent(set.ratio)}</td><td class="n">${raisedBy}</td><td class="n">${constants?.count ?? '–'}</td></tr>`;
    })
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(text.model)}: tests of a recurrent network</title><style>${style}</style></head><body>
<header><h1>Tests of a recurrent network</h1>
<p>${escapeHtml(text.model)} on ${escapeHtml(text.data)}: ${executions} tests by the ${escapeHtml(strategy)} search, from ${seeds.length} seeds that the network gets right (${campaign.wrongSeeds} that it gets wrong were left out), steps ${probe.window.first} to ${probe.window.first + probe.window.steps - 1}${probe.window.from === 'end' ? ' from the end' : ''}.</p>
${text.command === undefined ? '' : `<pre>${escapeHtml(text.command)}</pre>`}</header><main>
<section><h2>Coverage</h2><div class="scroll"><table><thead><tr><th>Metric</th><th>looks at</th><th class="n">covered</th><th class="n"></th><th class="n">tests that raised it</th><th class="n">constants from</th></tr></thead><tbody>${rows}</tbody></table></div>
<p>${kept.length} tests covered something new${text.minimal === undefined ? '' : `; ${text.minimal} of them cover all of it`}. Constants, the lowest and highest ξ above all, depend on the number of training sequences that they come from.</p></section>
<section class="two"><figure><h3>Coverage over tests</h3>${lineChart(
    probe.metrics.map(({ id }) => ({
      name: id,
      points: [
        [0, 0],
        ...history.map((point) => [point.executions, 100 * (point.coverage[id] ?? 0)] as const),
      ],
    })),
    { x: 'tests', y: '% covered', most: 100 },
  )}</figure><figure><h3>Seeds that failed</h3>${lineChart(
    [
      {
        name: 'distinct seeds',
        points: [[0, 0], ...history.map((point) => [point.executions, point.failingSeeds] as const)],
      },
    ],
    { x: 'tests', y: 'seeds' },
  )}</figure></section>
${heatSection(campaign)}${wordSection(campaign)}
<section><h2>Adversarial examples</h2><p>${adversarial.length} of ${seeds.length} seeds have a test with another class, ${escapeHtml(oracle.description)}; the nearest of each is shown: ${probe.inputShape.length === 1 ? 'words left out are struck through, words put in are marked' : 'seed, test, difference'}.</p>
<div class="pairs">${adversarial
    .slice(0, 60)
    .map((one) => pair(campaign, one, text))
    .join('')}</div>
${adversarial.length > 60 ? `<p>${adversarial.length - 60} more are in the files beside this report.</p>` : ''}</section>
</main></body></html>
`;
}

function heatSection({ probe, coverage, tally }: Campaign): string {
  const maps = probe.metrics.flatMap(({ id, title, dims, request }) => {
    const heat = tally.heat[id];
    if (!heat) return [];
    const set = coverage.of(id);
    const missing = Array.from({ length: dims }, (_, k) => k).filter((k) => !set.has(k));
    const map = heatMap(heat, {
      rows: heatRows,
      columns: dims,
      first: probe.window.first,
      rowHeight: heatStep,
      threshold: (request.threshold as number | undefined) ?? 0.6,
      isCovered: (column) => set.has(column),
    });
    const named = missing.map((k) => probe.window.first + k).join(', ');
    return [
      `<figure><h3>${escapeHtml(title)}</h3>${map}<p class="note">${missing.length === 0 ? 'Every step is covered.' : `Uncovered steps, marked red: ${named}.`}</p></figure>`,
    ];
  });
  if (maps.length === 0) return '';
  return `<section><h2>Values of each step</h2><p>How many tests reached which normalised value (0 and 1: the lowest and highest of training) at each step, darker for more, on a logarithmic scale. The line is the threshold.</p><div class="two">${maps.join('')}</div></section>`;
}

function wordSection({ probe, tally }: Campaign): string {
  return probe.metrics
    .filter(({ request }) => request.metric === 'tc')
    .map(({ id, label }) => {
      const hits = tally.hits[id] as readonly number[];
      const seen = [...hits.keys()]
        .filter((k) => hits[k])
        .sort((a, b) => (hits[b] as number) - (hits[a] as number));
      const most = Math.log1p(hits[seen[0] ?? 0] ?? 1);
      const words = seen
        .slice(0, 400)
        .map(
          (k) =>
            `<span style="--a:${(Math.log1p(hits[k] as number) / most).toFixed(2)}" title="${hits[k]} tests">${label(k)}</span>`,
        )
        .join('');
      return `<section><h2>Words of ξ <code>${escapeHtml(id)}</code></h2><p>${seen.length} of ${hits.length} words were seen, the commonest first; a is low, later letters higher.</p><div class="words">${words}</div></section>`;
    })
    .join('');
}

function pair(campaign: Campaign, one: Campaign['adversarial'][number], text: ReportText): string {
  const { test, label, answer, distance, change, execution, isNatural } = one;
  const seed = campaign.seeds[test.seed] as Campaign['seeds'][number];
  const nameOf = (at: number): string => escapeHtml(text.classes?.[at] ?? String(at));
  const isText = test.values instanceof Int32Array;
  const natural = isNatural === undefined ? '' : isNatural ? ', natural' : ', unlike data';
  // Of words, numbers say nothing of how far they lie apart.
  const far = isText ? '' : `, largest change ${change.toPrecision(3)}${natural}`;
  const command = text.replay?.(test.seed);
  return `<figure>${shown(campaign, seed, test, text)}<figcaption><b>${nameOf(label)} → ${nameOf(answer)}</b> seed ${test.seed}, test ${execution}<br>distance ${distance.toPrecision(3)}${far}${command === undefined ? '' : `<br><code>${escapeHtml(command)}</code>`}</figcaption></figure>`;
}

type Shown = Campaign['seeds'][number];

/** Images as pictures, texts with changed words marked, series as lines. */
function shown({ probe }: Campaign, seed: Shown, test: Shown, { word: known }: ReportText): string {
  const { inputShape } = probe;
  if (test.values instanceof Int32Array) {
    const word = (token: number): string => escapeHtml(known?.(token) ?? String(token));
    const real = ({ values, length = values.length }: Shown): Int32Array => {
      const begin = probe.window.padding === 'after' ? 0 : values.length - length;
      return Int32Array.from(values.subarray(begin, begin + length));
    };
    const text = editScript(real(seed), real(test)).map((edit) => {
      const gone = 'from' in edit ? `<del>${word(edit.from)}</del>` : '';
      const put = 'to' in edit ? `<ins>${word(edit.to)}</ins>` : '';
      return edit.kind === 'kept' ? word(edit.to) : `${gone}${put}`;
    });
    return `<p class="text">${text.join(' ')}</p>`;
  }
  if (inputShape.length === 3) {
    const size = inputShape as unknown as readonly [number, number, number];
    const difference = Float32Array.from(test.values, (value, k) => value - (seed.values[k] as number));
    return [bitmap(seed.values, size), bitmap(test.values, size), bitmap(difference, size, true)]
      .map((uri) => `<img alt="" src="${uri}">`)
      .join('');
  }
  const width = test.values.length / (inputShape[0] as number);
  const line = (name: string, { values }: Shown) => ({
    name,
    points: Array.from(
      { length: inputShape[0] as number },
      (_, t) => [t, values[t * width] as number] as const,
    ),
  });
  return lineChart([line('seed', seed), line('test', test)], { x: 'step', y: 'value' });
}

const style = `
:root { color-scheme: light dark; --ink: #1d232b; --soft: #5d6773; --line: #dde1e6; --paper: #fff; --panel: #f6f7f9; --heat: #2563c9; --bad: #d9480f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #98a3b1; --line: #313945; --paper: #12161c; --panel: #1a2028; --heat: #74a7ff; --bad: #ff9259; } }
* { box-sizing: border-box; } body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 24px; } header { padding-top: 32px; } main { padding-bottom: 60px; }
h1 { font-size: 25px; margin: 0 0 8px; } h2 { font-size: 18px; margin: 34px 0 8px; } h3 { font-size: 14px; margin: 0 0 6px; }
p { margin: 0 0 12px; max-width: 92ch; } header p, section > p, .note { color: var(--soft); } .note { font-size: 13px; margin: 6px 0 0; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto; font-size: 13px; }
code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12.5px; color: var(--soft); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; margin-bottom: 12px; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); white-space: nowrap; } thead th { font-size: 13px; font-weight: 500; color: var(--soft); } tbody th { font-weight: 500; } .n { text-align: right; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 18px; margin-top: 20px; }
figure { margin: 0; } .two figure { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px; min-width: 0; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 11px; } svg .grid { stroke: var(--line); }
svg.heat rect { fill: var(--heat); } svg.heat rect.miss { fill: var(--bad); } svg .cut { stroke: var(--bad); stroke-dasharray: 5 4; }
.legend { font-size: 13px; margin: 6px 0 0; } .legend span { margin-right: 14px; white-space: nowrap; } .legend i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 5px; }
.words { display: flex; flex-wrap: wrap; gap: 5px; font: 12.5px ui-monospace, Menlo, Consolas, monospace; } .words span { padding: 1px 6px; border-radius: 4px; background: color-mix(in srgb, var(--heat) calc(var(--a) * 45%), transparent); border: 1px solid var(--line); }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 18px; } .pairs img { width: 31%; margin-right: 2%; image-rendering: pixelated; border-radius: 4px; box-shadow: 0 0 0 1px var(--line); }
.pairs figcaption { font-size: 12.5px; color: var(--soft); margin-top: 4px; overflow-wrap: anywhere; } .pairs b { color: var(--bad); } .text { font-size: 13px; max-height: 260px; overflow-y: auto; } ins, del { border-radius: 3px; padding: 0 2px; } ins { background: color-mix(in srgb, var(--heat) 30%, transparent); text-decoration: none; } del { background: color-mix(in srgb, var(--bad) 25%, transparent); margin-right: 2px; }
`;
