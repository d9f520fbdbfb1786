// Written for pages: plain JavaScript, no modules, so that it runs from a file.

/** Draws the charts of a page: each place of one has it as its property `chart`. */
export const chartScript = `
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
      { ...axis, label: x.label, ...(x.isLog ? { splits: () => positions, values: (u, v) => v.map(short), filter: (u, v) => v } : { incrs: [0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)), values: (u, v) => v.map((n) => Number.isInteger(n) ? n : '') }) },
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
function draw(places) {
  for (const place of places) {
    place.plot?.destroy();
    place.plot = new uPlot(options(place.chart, place.clientWidth), [place.chart.x.values, ...place.chart.series.map((s) => s.values)], place);
  }
}
const drawAll = () => draw(document.querySelectorAll('[data-chart]'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
let pending;
addEventListener('resize', () => { clearTimeout(pending); pending = setTimeout(drawAll, 150); });
`;

/** Draws what a report holds. */
export const reportScript = `
const charts = JSON.parse(document.getElementById('charts').textContent);
for (const place of document.querySelectorAll('[data-chart]')) place.chart = charts[place.dataset.chart];
drawAll();
`;
