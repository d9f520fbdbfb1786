import { stat } from 'node:fs/promises';
import { optionsFor } from '@funhash/datasets';
import { loadTable, tableRules } from '@funhash/datasets/tables';
import { SpecError } from '../../errors.ts';
import type { DataSource } from '../data-source.ts';
import { validationCount } from '../split-counts.ts';

const endings = /\.(csv|tsv|jsonl|ndjson|json)$/i;

/** A table of one's own: rows are samples, one column is to be found. */
export const tableFile: DataSource = {
  expected: 'a table (.csv, .tsv, .jsonl, .json)',
  takes: ['target', 'task', 'text', 'ignore', 'kinds', 'split', 'test'],
  has: async ({ name }) => endings.test(name) && (await stat(name).catch(() => undefined))?.isFile() === true,
  load: async ({ name, target, trainCount, testCount, validation, ...data }) => {
    if (target === undefined)
      throw new SpecError({
        operation: 'data',
        expected: `a target, the column of ${name} that is to be found`,
        actual: 'none',
        remedy: 'In the command name it after --target.',
      });
    const wanted =
      trainCount === undefined ? undefined : trainCount + validationCount(trainCount, validation);
    return loadTable(name, {
      ...optionsFor(tableRules, data),
      target,
      ...(wanted !== undefined && { trainCount: wanted }),
      ...(testCount !== undefined && { testCount }),
    });
  },
};
