import { open, rename, rm } from 'node:fs/promises';
import { tableInputs, tableTransformation } from '@funhash/datasets/tables';
import { atPath } from '@funhash/experiments';
import type { Module } from '@funhash/layers';
import { predict } from '@funhash/training';
import { UsageError } from '../errors.ts';

/** A place for lines. */
interface Lines {
  write(text: string): Promise<void>;
}

/**
 * Writes the rows of a table with what a model says of them, as CSV: two columns more for classes, one for numbers.
 *
 * @returns the number of rows
 */
export async function predictTable(net: Module, input: string, lines: Lines): Promise<number> {
  const { classes, transformation = {} } = net.signature ?? {};
  const { target } = tableTransformation(transformation);
  let [header, done] = ['', 0];
  for await (const { count, inputs, columns, rows } of tableInputs(input, transformation)) {
    const outputs = await predict(net, inputs, { count });
    const size = outputs.data.length / count;
    const own = classes ? [target.name, 'probability'] : [target.name];
    const names = [...columns, ...own.map((name) => newName(name, columns))].map(cellText).join(',');
    if (header === '') await lines.write(`${names}\n`);
    else if (names !== header)
      throw new UsageError({
        operation: `input ${input}`,
        expected: 'the same fields in all rows',
        actual: `others from row ${done + 1} on`,
      });
    header = names;
    const text = rows.map((row, k) => {
      const scores = outputs.data.subarray(k * size, (k + 1) * size);
      const said = classes ? mostProbable(scores, classes) : [numberOf(scores[0] as number, target)];
      return `${[...row, ...said].map(cellText).join(',')}\n`;
    });
    await lines.write(text.join(''));
    done += count;
  }
  return done;
}

/** A file that is there whole or not at all. @throws FileError where it cannot be written */
export function intoFile(path: string, work: (lines: Lines) => Promise<number>): Promise<number> {
  return atPath(path, '--out', 'a file that can be written', async () => {
    const temporary = `${path}.${process.pid}.tmp`;
    const file = await open(temporary, 'wx');
    try {
      const done = await work({ write: (text) => file.appendFile(text) }).finally(() => file.close());
      await rename(temporary, path);
      return done;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

function newName(name: string, columns: readonly string[]): string {
  const said = `${name} (predicted)`;
  return columns.includes(said) ? `${said} 2` : said;
}

function numberOf(
  output: number,
  { mean = 0, std = 1 }: { readonly mean?: number; readonly std?: number },
): string {
  return String(Number((mean + std * output).toPrecision(7)));
}

function mostProbable(scores: ArrayLike<number>, classes: readonly string[]): string[] {
  let best = 0;
  for (let k = 1; k < scores.length; k++) if ((scores[k] as number) > (scores[best] as number)) best = k;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += Math.exp((scores[k] as number) - (scores[best] as number));
  return [classes[best] ?? String(best), (1 / sum).toFixed(4)];
}

const cellText = (cell: string): string => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
