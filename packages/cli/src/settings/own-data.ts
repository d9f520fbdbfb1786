import type { Dataset } from '@funhash/datasets';
import type { TableDataset } from '@funhash/datasets/tables';
import { isImages, loadData, type NumberErrors } from '@funhash/experiments';
import { isTable } from '../report/answers.ts';
import { tableOf as textTable } from '../terminal/table.ts';
import { dataOf, type dataSettings } from './common-settings.ts';
import type { ConfigOf } from './config.ts';

/** The table that settings name, loaded; undefined where the data are others. */
export async function tableOf(config: ConfigOf<typeof dataSettings>): Promise<TableDataset | undefined> {
  // Tables are small as samples go, and their columns decide what suits them.
  if (config.target === undefined) return undefined;
  const data = await loadData(dataOf(config));
  return isTable(data) ? data : undefined;
}

/** Steps that a net for a table takes where nobody says how many epochs. */
const usualSteps = 1500;

/** Settings that suit a table, where they are not stated: picked among three, as docs/tables.md says. */
export function tableDefaults({ train }: TableDataset): Readonly<Record<string, unknown>> {
  const batchSize = 32;
  const steps = Math.max(1, Math.ceil((0.9 * train.count) / batchSize));
  return { hidden: [128], batchSize, epochs: Math.max(2, Math.min(60, Math.ceil(usualSteps / steps))) };
}

/** The columns of a table, for a terminal. */
export function columnsTable({ columns }: TableDataset, width: number | undefined): string {
  const rows = columns.map(({ name, kind, found }) => [name, kind, found]);
  return textTable(['column', 'kind', 'found'], rows, width);
}

/** What the samples of data are called. */
export function samplesOf(data: Dataset | undefined): string {
  if (data && isTable(data)) return 'rows';
  return !data || isImages(data) ? 'images' : 'samples';
}

/** How far numbers are off, in a line. */
export function numbersText({ rootMeanSquared, meanAbsolute, r2 }: NumberErrors): string {
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  return (
    `of the test rows ${(100 * r2).toFixed(1)} % of the variance is explained; root mean squared error ` +
    `${short(rootMeanSquared)}, mean absolute error ${short(meanAbsolute)}`
  );
}
