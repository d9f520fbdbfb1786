import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { weather } from './weather.ts';

let dir: string;
const header = 'date,precipitation,temp_max,temp_min,wind,weather';
const day = (k: number): string =>
  `2012-01-${String(k + 1).padStart(2, '0')},${k % 3},${10 + k},${k},${k / 2},rain`;
const write = (...rows: readonly string[]): Promise<void> =>
  writeFile(join(dir, 'seattle-weather.csv'), [header, ...rows, ''].join('\n'));
const days = Array.from({ length: 12 }, (_, k) => day(k));
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weather-'));
});
afterAll(() => rm(dir, { recursive: true }));

test('windows of days with the highest temperature of the next', async () => {
  await write(...days);
  const data = await weather({ dir, verify: false, length: 3, testCount: 4 });
  expect(data.features).toEqual(['precipitation', 'temp_max', 'temp_min', 'wind', 'day_sin', 'day_cos']);
  expect([data.inputShape, data.train.count, data.test.count, data.isOrdered]).toEqual([[3, 6], 5, 4, true]);
  const { mean, std } = data.target;
  const inUnits = Array.from(data.test.targets ?? [], (value) => Math.round(value * std + mean));
  expect(inUnits).toEqual([18, 19, 20, 21]);
  const rain = await weather({ dir, verify: false, length: 3, testCount: 4, target: 'precipitation' });
  expect(rain.target.name).toBe('precipitation');
});

test('other files are refused', async () => {
  const load = () => weather({ dir, verify: false, length: 3, testCount: 4 });
  await expect(weather({ dir: join(dir, 'none') })).rejects.toThrow('npm i vega-datasets');
  await expect(weather({ dir, testCount: 4 })).rejects.toThrow('the published MD5');
  await write(...days.slice(0, 4), '2012-01-05,1,,2,3,sun');
  await expect(load()).rejects.toThrow('a number as temp_max in line 6');
  await write(...days.slice(0, 4), 'yesterday,1,2,2,3,sun');
  await expect(load()).rejects.toThrow('a date, four numbers and a word in line 6');
  await write(...days.slice(0, 4));
  await expect(load()).rejects.toThrow('Take a shorter window');
  await writeFile(join(dir, 'seattle-weather.csv'), 'something else\n');
  await expect(load()).rejects.toThrow(header);
});
