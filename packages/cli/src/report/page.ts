import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { escapeHtml } from '@funhash/hashing';
import type { Chart } from './charts.ts';
import { folded, prose } from './html.ts';

/** What a report tells; whatever is HTML was escaped where it was made. */
export interface Report {
  readonly title: string;
  /** Sentences under the title. */
  readonly intro: string;
  readonly sections: readonly Section[];
  /** The command that does the same again. */
  readonly command: string;
  readonly config: object;
}

export interface Section {
  readonly title: string;
  /** Sentences before the rest. */
  readonly text?: string;
  readonly charts?: readonly Chart[];
  readonly html?: string;
}

/** A report as one HTML file that needs nothing else. uPlot draws its charts: 50 kB, with a cursor that reads values off. */
export async function pageOf({ title, intro, sections, command, config }: Report): Promise<string> {
  const charts = sections.flatMap((section) => section.charts ?? []);
  const { library, libraryStyle } = charts.length > 0 ? await plotting() : { library: '', libraryStyle: '' };
  let drawn = 0;
  const sectionHtml = ({ title: name, text, charts: own = [], html = '' }: Section): string => {
    const figures = own.map(
      (chart) =>
        `<figure><figcaption>${escapeHtml(chart.title)}</figcaption><div class="chart" role="img" aria-label="${escapeHtml(chart.title)}" data-chart="${drawn++}"></div></figure>`,
    );
    const plots = figures.length > 0 ? `<div class="charts">${figures.join('')}</div>` : '';
    return `<section><h2>${escapeHtml(name)}</h2>${text ? `<p>${prose(text)}</p>` : ''}${plots}${html}</section>`;
  };
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
<p>${prose(intro)}</p>
</header>
<main>
${sections.map(sectionHtml).join('\n')}
<section><h2>To repeat this</h2>
<p>In the same folder as then: paths are as they were given.</p>
<pre><code id="command">${escapeHtml(command)}</code></pre>
${folded('All settings', `<pre><code>${escapeHtml(JSON.stringify(config, null, 2))}</code></pre>`)}
</section>
</main>
${
  charts.length > 0
    ? `<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll('<', '\\u003c')}</script>
<script>${library.replaceAll('</script', '<\\/script')}</script>
<script>${script}</script>`
    : ''
}
</body>
</html>
`;
}

async function plotting(): Promise<{ readonly library: string; readonly libraryStyle: string }> {
  const require = createRequire(import.meta.url);
  const [library, libraryStyle] = await Promise.all([
    readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
  ]);
  return { library, libraryStyle };
}

const style = `
:root { color-scheme: light dark; --ink: #1d232b; --soft: #5d6773; --line: #dde1e6; --paper: #ffffff; --panel: #f6f7f9; --hi: #eef4ff;
  --s0: #2563c9; --s1: #d9480f; --s2: #1f8f4e; --s3: #9c36b5; --s4: #b8860b; --s5: #0c8599; --s6: #c2255c; --s7: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #98a3b1; --line: #313945; --paper: #12161c; --panel: #1a2028; --hi: #1b2940;
  --s0: #74a7ff; --s1: #ff9259; --s2: #5fd08a; --s3: #d98bf0; --s4: #e8bf4a; --s5: #4fd0e3; --s6: #ff7aa8; --s7: #a3acb9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 18px; margin: 36px 0 10px; }
h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600; }
h3 small { font-weight: 400; color: var(--soft); }
p { margin: 0 0 12px; max-width: 90ch; }
header p, section > p, .note { color: var(--soft); }
.note { font-size: 13px; margin-top: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { font-size: 13px; font-weight: 500; color: var(--soft); }
tbody th { font-weight: 500; padding-left: 8px; }
thead th:first-child { padding-left: 8px; }
.n { text-align: right; }
tr.chosen { background: var(--hi); }
tr.chosen > :first-child { box-shadow: inset 3px 0 0 var(--s0); }
.mark { font-size: 11px; font-weight: 600; color: var(--s0); border: 1px solid currentColor; border-radius: 9px; padding: 0 7px; margin-left: 8px; }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 50%; background: var(--c); margin: 0 8px 0 4px; }
.bar { display: block; position: relative; width: 150px; height: 12px; }
.bar b { position: absolute; inset: 1px auto 1px 0; border-radius: 2px; background: var(--c); opacity: 0.75; min-width: 1px; }
.bar i { position: absolute; top: 5px; height: 2px; background: var(--ink); }
.bar i::before, .bar i::after { content: ""; position: absolute; top: -3px; width: 2px; height: 8px; background: var(--ink); }
.bar i::before { left: 0; } .bar i::after { right: 0; }
table.confusion { width: auto; font-size: 13px; }
.confusion th, .confusion td { border: 0; padding: 0; height: 28px; min-width: 38px; text-align: center; }
.confusion td.right, .confusion td.wrong, .confusion td.none { border: 1px solid var(--paper); }
.confusion td.right { background: color-mix(in srgb, var(--s0) calc(12% + 30% * var(--h)), var(--panel)); }
.confusion td.wrong { background: color-mix(in srgb, var(--s1) calc(8% + 62% * var(--h)), var(--panel)); }
.confusion td.none { color: var(--line); background: var(--panel); }
.confusion .sum { padding-left: 12px; text-align: right; color: var(--soft); }
.confusion .axis { height: 20px; }
.confusion tbody th, .confusion .corner { position: sticky; left: 0; background: var(--paper); padding: 0 8px 0 4px; text-align: right; z-index: 1; }
.confusion.small { font-size: 10px; }
.confusion.small thead th { font-size: 10px; }
.confusion.small th, .confusion.small td { height: 19px; min-width: 18px; }
.confusion.small .sum { padding-left: 6px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 20px; }
figure { margin: 0; }
.charts figure { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px 14px 6px; min-width: 0; }
.charts figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; }
.u-legend { font-size: 12.5px; color: var(--ink); width: auto; }
.u-legend th, .u-legend td { border: 0; padding: 1px 2px; color: var(--ink); }
.u-legend .u-series { margin-right: 10px; }
.u-legend .u-series:first-child { color: var(--soft); }
.u-legend .u-marker { border-radius: 50%; }
.row { margin-bottom: 18px; }
.units, .mistakes { display: flex; flex-wrap: wrap; gap: 5px; }
.units img, .mistakes img { image-rendering: pixelated; border-radius: 3px; display: block; box-shadow: 0 0 0 1px var(--line); }
.mistakes figure { text-align: center; }
.mistakes figcaption { font-size: 12px; color: var(--soft); line-height: 1.5; }
.mistakes b { color: var(--s1); }
.plot { display: block; width: min(100%, 440px); height: auto; font-size: 12px; }
.plot text { fill: var(--soft); }
.parallel { display: block; width: 100%; min-width: 700px; height: auto; font-size: 11.5px; }
.parallel polyline { fill: none; stroke: var(--s0); stroke-width: 1.6; opacity: var(--o, 1); }
.parallel polyline:hover { stroke: var(--s1); stroke-width: 3; opacity: 1; }
.parallel .front { stroke: var(--s1); stroke-width: 1.5; }
.parallel circle { fill: var(--s0); fill-opacity: 0.55; }
.parallel circle.best { fill: var(--s1); fill-opacity: 1; }
.parallel .axes line { stroke: var(--soft); }
.parallel .axes text { fill: var(--soft); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.parallel .axes .name { fill: var(--ink); font-weight: 600; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px; overflow-x: auto; font-size: 13px; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
td code { white-space: pre; font-size: 12.5px; }
summary { cursor: pointer; color: var(--soft); margin: 10px 0; }
section:last-child { margin-bottom: 60px; }
`;

// Written for the page: plain JavaScript, no modules, so that it runs from a file.
const script = `
const charts = JSON.parse(document.getElementById('charts').textContent);
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const short = (v) => v >= 1e6 ? +(v / 1e6).toPrecision(3) + ' M' : v >= 1e4 ? +(v / 1e3).toPrecision(3) + ' k' : String(+v.toPrecision(3));
function options({ x, y, series }, width) {
  const axis = { stroke: ink('--soft'), grid: { stroke: ink('--line'), width: 1 }, ticks: { stroke: ink('--line'), width: 1 }, font: '12px system-ui', labelFont: '12px system-ui' };
  const all = series.flatMap((s) => s.values).filter((v) => v > 0);
  const [least, most] = all.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
  const isSpread = most > 6 * least;
  const first = x.values[0], last = x.values[x.values.length - 1];
  const positions = x.isLog ? logTicks(first / 1.6, last * 1.6) : undefined;
  return {
    width, height: width < 420 ? 260 : 330, cursor: { drag: { x: false, y: false } }, hooks: { ready: [fill], setLegend: [fill] },
    scales: {
      x: x.isLog ? { time: false, distr: 3, range: () => [first / 1.6, last * 1.6] } : { time: false, range: () => [first - 0.15, Math.max(last, first + 1) + 0.15] },
      y: isSpread ? { distr: 3, range: () => [least / 1.15, most * 1.15] }
        : { range: (u, low, high) => { const room = Math.max(0.1, (high - low) * 0.12); return [Math.max(0, low - room), high + room]; } },
    },
    axes: [
      { ...axis, label: x.label, ...(x.isLog ? { splits: () => positions, values: (u, v) => v.map(short), filter: (u, v) => v } : { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], values: (u, v) => v.map((n) => Number.isInteger(n) ? n : '') }) },
      { ...axis, label: y, size: 54, ...(isSpread ? { splits: () => logTicks(least / 1.15, most * 1.15), filter: (u, v) => v } : {}), values: (u, v) => v.map((n) => n == null ? '' : String(+n.toPrecision(3))) },
    ],
    series: [
      { label: x.label, value: (u, v) => v == null ? '–' : x.isLog ? short(v) : v },
      ...series.map((s) => ({
        label: s.name, stroke: ink('--s' + s.color), width: 2, spanGaps: true,
        points: { show: x.values.length < 40, size: x.isLog ? 9 : 5, fill: ink('--s' + s.color) },
        value: (u, v) => v == null ? '–' : y === 'loss' ? v.toPrecision(3) : v.toFixed(2),
      })),
    ],
  };
}
// Where nobody points at a place, the legend tells the last values.
const lastOf = (u) => u.data[0].length - 1;
const fill = (u) => { if (u.legend.idx == null) u.setLegend({ idx: lastOf(u) }); };
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of [1, 2, 5]) { const v = digit * 10 ** power; if (v >= low && v <= high) found.push(v); }
  return found;
}
let drawn = [];
function draw() {
  for (const chart of drawn) chart.destroy();
  drawn = [...document.querySelectorAll('[data-chart]')].map((place) => {
    const chart = charts[place.dataset.chart];
    return new uPlot(options(chart, place.clientWidth), [chart.x.values, ...chart.series.map((s) => s.values)], place);
  });
}
draw();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
let pending;
addEventListener('resize', () => { clearTimeout(pending); pending = setTimeout(draw, 150); });
`;
