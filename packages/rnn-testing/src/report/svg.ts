import { escapeHtml } from '@funhash/hashing';

/** A line of a chart. */
export interface ChartLine {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const colours = ['#2563c9', '#d9480f', '#1f8f4e', '#9c36b5', '#b8860b', '#0c8599', '#c2255c', '#6b7280'];
const [width, height, left, bottom] = [640, 280, 52, 40] as const;

/** A chart of lines over numbers from 0, as SVG. */
export function lineChart(
  lines: readonly ChartLine[],
  { x, y, most }: { readonly x: string; readonly y: string; readonly most?: number },
): string {
  const all = lines.flatMap(({ points }) => points);
  const right = mostOf(all.map(([at]) => at));
  const top = most ?? mostOf(all.map(([, value]) => value));
  const px = (at: number): string => (left + (at / right) * (width - left - 16)).toFixed(1);
  const py = (value: number): string => (height - bottom - (value / top) * (height - bottom - 14)).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const grid = ticks
    .map(
      (share) =>
        `<line class="grid" x1="${left}" x2="${width - 16}" y1="${py(share * top)}" y2="${py(share * top)}"/>` +
        `<text x="${left - 6}" y="${py(share * top)}" dy="4" text-anchor="end">${short(share * top)}</text>` +
        `<text x="${px(share * right)}" y="${height - bottom + 16}" text-anchor="middle">${short(share * right)}</text>`,
    )
    .join('');
  const drawn = lines
    .map(({ points }, k) => {
      const path = points.map(([at, value]) => `${px(at)},${py(value)}`).join(' ');
      return `<polyline fill="none" stroke="${colours[k % colours.length]}" stroke-width="2" points="${path}"/>`;
    })
    .join('');
  const legend = lines
    .map(
      ({ name, points }, k) =>
        `<span><i style="background:${colours[k % colours.length]}"></i>${escapeHtml(name)} ${short(points.at(-1)?.[1] ?? 0)}</span>`,
    )
    .join('');
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(y)} over ${escapeHtml(x)}">${grid}${drawn}` +
    `<text x="${(left + width) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(x)}</text>` +
    `<text transform="translate(12 ${(height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y)}</text></svg>` +
    `<p class="legend">${legend}</p>`
  );
}

const short = (value: number): string =>
  value >= 10_000 ? `${+(value / 1000).toPrecision(3)} k` : String(+value.toPrecision(3));

/** The highest of numbers, at least 1. */
const mostOf = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 1);

/** A heat map of counts [rows, columns], the first row at the bottom; uncovered columns are marked. */
export function heatMap(
  counts: readonly number[],
  {
    rows,
    columns,
    first,
    rowHeight,
    threshold,
    isCovered,
  }: {
    readonly rows: number;
    readonly columns: number;
    /** Number of the first column. */
    readonly first: number;
    /** Value that a row stands for. */
    readonly rowHeight: number;
    readonly threshold: number;
    isCovered(column: number): boolean;
  },
): string {
  const cell = Math.min(26, Math.floor((width - left - 16) / columns));
  const tall = 9;
  const most = Math.log1p(mostOf(counts));
  const y = (row: number): number => 8 + (rows - 1 - row) * tall;
  let cells = '';
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const count = counts[row * columns + column] as number;
      if (count === 0) continue;
      const share = (Math.log1p(count) / most).toFixed(3);
      cells += `<rect x="${left + column * cell}" y="${y(row)}" width="${cell - 1}" height="${tall - 1}" fill-opacity="${share}"><title>step ${first + column}, ${(row * rowHeight).toFixed(2)}: ${count} tests</title></rect>`;
    }
  const base = 8 + rows * tall;
  const every = Math.ceil(columns / 24);
  const labels = Array.from({ length: columns }, (_, column) => {
    const x = left + column * cell + cell / 2;
    const mark = isCovered(column)
      ? ''
      : `<rect class="miss" x="${left + column * cell}" y="${base + 2}" width="${cell - 1}" height="5"/>`;
    return column % every === 0
      ? `${mark}<text x="${x}" y="${base + 20}" text-anchor="middle">${first + column}</text>`
      : mark;
  }).join('');
  const line = base - (threshold / rowHeight) * tall;
  const scale = [0, 0.25, 0.5, 0.75, 1]
    .map(
      (value) =>
        `<text x="${left - 6}" y="${base - (value / rowHeight) * tall + 4}" text-anchor="end">${value}</text>`,
    )
    .join('');
  return (
    `<svg class="heat" viewBox="0 0 ${width} ${base + 28}" role="img" aria-label="values of each step">${cells}` +
    `<line class="cut" x1="${left}" x2="${left + columns * cell}" y1="${line}" y2="${line}"/>${scale}${labels}</svg>`
  );
}

/** Grey pixels 0–1, or differences −1 to 1 in blue and red, as a bitmap in a data URI. */
export function bitmap(
  values: ArrayLike<number>,
  [rows, cols, channels]: readonly [number, number, number],
  isSigned = false,
): string {
  const stride = Math.ceil((cols * 3) / 4) * 4;
  const bytes = new Uint8Array(54 + stride * rows);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, cols, true);
  view.setInt32(22, rows, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  view.setUint32(34, stride * rows, true);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < cols; c++) {
      const pixel = (r * cols + c) * channels;
      const at = 54 + (rows - 1 - r) * stride + 3 * c;
      const value = values[pixel] as number;
      const byte = (x: number): number => Math.round(255 * Math.min(1, Math.max(0, x)));
      const rgb = isSigned
        ? [1 + Math.min(0, value), 1 - Math.abs(value), 1 - Math.max(0, value)]
        : [0, 1, 2].map((channel) => values[pixel + (channels === 3 ? channel : 0)] as number);
      bytes.set([byte(rgb[2] as number), byte(rgb[1] as number), byte(rgb[0] as number)], at);
    }
  return `data:image/bmp;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}
