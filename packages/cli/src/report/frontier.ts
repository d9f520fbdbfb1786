import { type Filled, field, filled } from '@funhash/experiments';
import { escapeHtml, option } from '@funhash/hashing';
import { grouped, percent, spreadOf } from '../terminal/output.ts';

const runRules = {
  /** The seed of the run; figures of others have none. */
  seed: option.integer(),
  /** Size of the whole file. */
  bytes: option.required(option.integer({ least: 1, most: 2 ** 40 })),
  /** Error on the held-out training samples of the model as the file has it. */
  validation: option.real({ least: 0, most: 1 }),
  /** Error on the test samples of the model as the file has it. */
  test: option.required(option.real({ least: 0, most: 1 })),
};

const rowRules = {
  /** Name of the data set. */
  data: option.required(option.text()),
  /** Most bytes that a file was allowed. */
  limit: option.integer({ least: 1, most: 2 ** 40 }),
  /** What made the runs, apart from their seed. */
  commands: field(option.list(option.text(), { most: 16 }), []),
  /** Place that figures of others are from, and what their bytes are. */
  source: option.text(),
  runs: option.required(option.list(option.any<FrontierRun>('a run'), { least: 1, most: 256 })),
};

const frontierRules = {
  rows: option.required(option.list(option.any<FrontierRow>('a row'), { most: 512 })),
};

type FrontierRun = Filled<typeof runRules>;

/** Runs that differ by their seeds alone. */
export type FrontierRow = Omit<Filled<typeof rowRules>, 'runs'> & { readonly runs: readonly FrontierRun[] };

/** Accuracy against bytes. @throws OptionError or ArgumentError that names what is wrong */
export function frontierOf(value: unknown, origin: string): readonly FrontierRow[] {
  return filled(origin, frontierRules, value).rows.map((given, k) => {
    const at = `${origin}, row ${k + 1}`;
    const row = filled(at, rowRules, given);
    return { ...row, runs: row.runs.map((run, n) => filled(`${at}, run ${n + 1}`, runRules, run)) };
  });
}

/** The rows with a run more: in the place of one of the same commands and seed, or behind all others. */
export function withRun(
  rows: readonly FrontierRow[],
  { data, limit, commands }: Omit<FrontierRow, 'runs'>,
  run: FrontierRun,
): readonly FrontierRow[] {
  const key = (row: Omit<FrontierRow, 'runs'>): string => JSON.stringify([row.data, row.commands]);
  const found = rows.findIndex((row) => key(row) === key({ data, commands }));
  const before = rows[found]?.runs.filter(({ seed }) => seed !== run.seed) ?? [];
  const runs = [...before, run].sort((a, b) => (a.seed ?? 0) - (b.seed ?? 0));
  const row = { data, ...(limit !== undefined && { limit }), commands, runs };
  return found < 0 ? [...rows, row] : rows.with(found, row);
}

const meanBytes = ({ runs }: FrontierRow): number => spreadOf(runs.map(({ bytes }) => bytes)).mean;

/** Rows by data set and then by bytes. */
const inOrder = (rows: readonly FrontierRow[]): readonly FrontierRow[] =>
  [...rows].sort((a, b) => (a.data === b.data ? meanBytes(a) - meanBytes(b) : a.data < b.data ? -1 : 1));

export const frontierHeader = [
  'data',
  'bytes',
  'test error %',
  'validation %',
  'seeds',
  'by seed',
  'made by',
];

/** The cells of a table: a row for each row, and the number of its commands below. */
export function frontierCells(rows: readonly FrontierRow[]): string[][] {
  const made = madeBy(rows);
  return inOrder(rows).map((row) => {
    const { data, runs, source } = row;
    const validation = runs.flatMap((run) => run.validation ?? []);
    return [
      data,
      grouped(Math.round(meanBytes(row))),
      percent(runs.map(({ test }) => test)),
      validation.length === 0 ? '–' : percent(validation),
      source === undefined ? String(runs.length) : '–',
      runs.length < 2 ? '–' : runs.map(({ test }) => percent([test])).join(' '),
      source ?? `${1 + made.indexOf(row.commands.join('\n'))}`,
    ];
  });
}

/** The commands of all rows, in the order of the table, each once. */
const madeBy = (rows: readonly FrontierRow[]): readonly string[] => [
  ...new Set(inOrder(rows).flatMap(({ commands }) => (commands.length > 0 ? [commands.join('\n')] : []))),
];

/** What a page says of the rows: the table, and the commands behind it, in Markdown. */
export function frontierMarkdown(rows: readonly FrontierRow[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const table = [frontierHeader, frontierHeader.map(() => '---'), ...frontierCells(rows)].map(line);
  const commands = madeBy(rows).map(
    (text, k) =>
      `${k + 1}.\n\n${text
        .split('\n')
        .map((part) => `        ${part}`)
        .join('\n')}\n`,
  );
  return [...table, '', ...commands].join('\n').trimEnd();
}

const [width, height] = [720, 400];
const [left, right, top, bottom] = [56, 28, 16, 44];
const colors = ['#2a6fb0', '#c2571a', '#3b8a3e', '#7a4fa3'];

/** The chart: bytes on a logarithmic axis, errors with their standard deviations; hollow are the figures of others. */
export function frontierSvg(rows: readonly FrontierRow[]): string {
  const points = inOrder(rows).map((row) => {
    const { mean, std = 0 } = spreadOf(row.runs.map(({ test }) => 100 * test));
    return { data: row.data, x: Math.log2(meanBytes(row)), mean, std, isOwn: row.source === undefined };
  });
  const names = [...new Set(points.map(({ data }) => data))];
  const [low, high] = [
    Math.floor(points.reduce((least, { x }) => Math.min(least, x), Number.POSITIVE_INFINITY)),
    Math.ceil(points.reduce((most, { x }) => Math.max(most, x), Number.NEGATIVE_INFINITY)),
  ];
  const most = 1.1 * points.reduce((worst, { mean, std }) => Math.max(worst, mean + std), 0) || 1;
  const [from, until] = points.length === 0 ? [0, 1] : [low, Math.max(high, low + 1)];
  const atX = (x: number): string =>
    (left + ((x - from) / (until - from)) * (width - left - right)).toFixed(1);
  const atY = (y: number): string =>
    (height - bottom - (Math.max(0, y) / most) * (height - top - bottom)).toFixed(1);
  const text = (x: string, y: string, content: string, anchor: string): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
  const ticks = Array.from({ length: until - from + 1 }, (_, k) => from + k);
  const tickStep =
    10 ** Math.floor(Math.log10(most)) / (most / 10 ** Math.floor(Math.log10(most)) < 4 ? 4 : 1);
  const levels = Array.from({ length: Math.floor(most / tickStep) + 1 }, (_, k) => k * tickStep);
  const parts = [
    ...levels.map(
      (y) =>
        `<path class="grid" d="M${left} ${atY(y)}H${width - right}"/>${text(String(left - 8), String(Number(atY(y)) + 4), String(Number(y.toFixed(4))), 'end')}`,
    ),
    ...ticks.map((x) => text(atX(x), String(height - bottom + 18), grouped(2 ** x), 'middle')),
    text(String((left + width) / 2), String(height - 8), 'bytes of the whole file', 'middle'),
    text(String(left + 4), String(top + 4), 'test error %', 'start'),
    ...names.map(
      (name, k) =>
        `<g fill="${colorOf(k)}">${text(String(width - right), String(top + 4 + 18 * k), name, 'end')}</g>`,
    ),
    ...points.map(({ data, x, mean, std, isOwn }) => {
      const color = colorOf(names.indexOf(data));
      const whisker =
        std > 0 ? `<path stroke="${color}" d="M${atX(x)} ${atY(mean - std)}V${atY(mean + std)}"/>` : '';
      return `${whisker}<circle cx="${atX(x)}" cy="${atY(mean)}" r="4" stroke="${color}" fill="${isOwn ? color : 'white'}"/>`;
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Test error against bytes of the whole file</title>',
    '<style>.grid{stroke:#ddd}</style>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const colorOf = (k: number): string => colors[k % colors.length] as string;
