import type { Dataset } from '@funhash/datasets';
import type { TableDataset } from '@funhash/datasets/tables';
import { isImages, loadData } from '@funhash/experiments';
import { isTable, oddRows } from '../report/answers.ts';
import { tableOf } from '../terminal/table.ts';
import { dataOf, type dataSettings } from './common-settings.ts';
import type { ConfigOf } from './config.ts';

/** The data that settings name, loaded before a run where they may be a table; else undefined. */
export async function targetedData(config: ConfigOf<typeof dataSettings>): Promise<Dataset | undefined> {
  // Tables are small as samples go, and their columns decide what suits them.
  return config.target === undefined ? undefined : loadData(dataOf(config));
}

/** Steps that a net for a table takes where nobody says how many epochs. */
const usualSteps = 1500;

/** Settings that suit a table, where they are not stated: picked among three, as docs/tables.md says. */
export function tableDefaults({ train }: TableDataset): Readonly<Record<string, unknown>> {
  const batchSize = 32;
  const steps = Math.max(1, Math.ceil((0.9 * train.count) / batchSize));
  return { hidden: [128], batchSize, epochs: Math.max(2, Math.min(60, Math.ceil(usualSteps / steps))) };
}

/** The columns of a table, and what is odd about its rows, for a terminal. */
export function columnsTable(table: TableDataset, width: number | undefined): string {
  const rows = table.columns.map(({ name, kind, found }) => [name, kind, found]);
  const odd = oddRows(table);
  return `${tableOf(['column', 'kind', 'found'], rows, width)}${odd === '' ? '' : `\n${odd}`}`;
}

/** What the samples of data are called. */
export function samplesOf(data: Dataset | undefined): string {
  if (data && isTable(data)) return 'rows';
  return !data || isImages(data) ? 'images' : 'samples';
}
