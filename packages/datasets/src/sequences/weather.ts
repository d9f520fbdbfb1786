import { option } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { readBounded } from '../bounded-file.ts';
import { inDataFolder } from '../data-folder.ts';
import { countRules, defineDataset } from '../define-dataset.ts';
import { DataAbsentError, DataFormatError } from '../errors.ts';
import { packageFolder } from '../package-folder.ts';
import { requirePublished } from '../published.ts';
import { seriesWindows } from './series-windows.ts';

const operation = 'weather';
const file = 'seattle-weather.csv';
const howToGet =
  `Install it with \`npm i vega-datasets\`, or pass dir, a folder with its ${file}, or put that into weather in the ` +
  'folder that the environment variable FUNHASH_DATA names.';
const md5 = 'a0ed4d00f823a74a73798d4520e26874';
const maxBytes = 2 ** 22;
const header = 'date,precipitation,temp_max,temp_min,wind,weather';
const measured = ['precipitation', 'temp_max', 'temp_min', 'wind'] as const;

/**
 * The weather of Seattle, 1461 days from 2012 to 2015, as windows of days with a value of a later day to forecast: rain (mm),
 * highest and lowest temperature (°C), wind (m/s), and the day of the year as a point on a circle. Inputs
 * `[N, window, 6]` and targets `[N, 1]`, shifted and scaled by their training part. The test part is the last year. Node only.
 *
 * Source: National Oceanic and Atmospheric Administration of the United States, from the npm package `vega-datasets`.
 *
 * @throws DataAbsentError when the file is not there; ChecksumError when it is not the published one (`verify`);
 * DataFormatError for what is no such file; ArgumentError for windows longer than the series
 */
export const weather = /* @__PURE__ */ defineDataset({
  name: operation,
  options: {
    /** Folder with `seattle-weather.csv`. Default: the npm package `vega-datasets`, or the folder `weather` in FUNHASH_DATA. */
    dir: option.text(),
    /** Compare with the MD5 checksum of version 3.2.1 of the package. Default true. */
    verify: option.flag(),
    /** What is forecast. Default `temp_max`. */
    target: option.oneOf(measured),
    /** Days that a forecast is made from. Default 14. */
    length: option.integer({ least: 1, most: 1024 }),
    /** Days from the last of a window to the one that is forecast. Default 1. */
    horizon: option.integer({ least: 1, most: 1024 }),
    ...countRules,
  },
  isDrawn: false,
  holdsImages: false,
  load: async ({ dir, verify = true, target = 'temp_max', length = 14, horizon = 1, ...counts }) => {
    const { testCount = 365, trainCount } = counts;
    return seriesWindows({
      name: operation,
      description: `weather of Seattle, ${target} ${horizon === 1 ? 'of the next day' : `${horizon} days later`} from ${length} days${verify ? '' : ', checksums not compared'}`,
      columns: await readColumns(dir, verify),
      target,
      window: length,
      horizon,
      testCount,
      ...(trainCount !== undefined && { trainCount }),
    });
  },
});

async function readColumns(
  given: string | undefined,
  verify: boolean,
): Promise<Readonly<Record<string, Float64Array>>> {
  const { join } = nodeModule('node:path');
  const dir =
    given ??
    (await inDataFolder(operation)) ??
    join(await packageFolder(operation, 'vega-datasets', howToGet), 'data');
  const path = join(dir, file);
  const bytes = await readBounded(operation, path, maxBytes);
  if (!bytes)
    throw new DataAbsentError({
      operation,
      expected: `${file} in ${dir}`,
      actual: 'no such file',
      remedy: howToGet,
    });
  if (verify) requirePublished(operation, path, bytes, md5, howToGet);
  const [first, ...rows] = new TextDecoder().decode(bytes).trimEnd().split(/\r?\n/);
  const refuse = (line: number, expected: string, actual: string): never => {
    throw new DataFormatError(path, 0, { operation, expected: `${expected} in line ${line}`, actual });
  };
  if (first !== header) refuse(1, header, JSON.stringify(first?.slice(0, 80)));
  const columns = Object.fromEntries(measured.map((name) => [name, new Float64Array(rows.length)]));
  const circle = { day_sin: new Float64Array(rows.length), day_cos: new Float64Array(rows.length) };
  for (const [k, row] of rows.entries()) {
    const [date = '', ...values] = row.split(',');
    const day = dayOfYear(date);
    if (values.length !== measured.length + 1 || day === undefined)
      refuse(k + 2, 'a date, four numbers and a word', JSON.stringify(row.slice(0, 80)));
    for (const [c, name] of measured.entries()) {
      const text = values[c] as string;
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) refuse(k + 2, `a number as ${name}`, JSON.stringify(text.slice(0, 40)));
      (columns[name] as Float64Array)[k] = value;
    }
    const angle = (2 * Math.PI * (day as number)) / 365.25;
    circle.day_sin[k] = Math.sin(angle);
    circle.day_cos[k] = Math.cos(angle);
  }
  return { ...columns, ...circle };
}

/** Days since the first of January; undefined for what is no date. */
function dayOfYear(date: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  const time = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(time) ? undefined : (time - Date.UTC(Number(date.slice(0, 4)), 0, 1)) / 86_400_000;
}
