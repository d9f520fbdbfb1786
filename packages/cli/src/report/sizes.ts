import { type FittedSizes, type ModelSizes, shareText } from '../terminal/model-tables.ts';
import { grouped } from '../terminal/output.ts';
import { barHtml, tableHtml } from './html.ts';

const text = (title: string) => ({ title });
const number = (title: string) => ({ title, isNumber: true });

/** Layers of a model and what they store; bars tell their shares of it. */
export function sizesHtml({ rows, total }: ModelSizes): string {
  const most = rows.reduce((found, { storedCount }) => Math.max(found, storedCount), 0);
  const table = tableHtml(
    [
      ...['layer', 'scheme', 'shape'].map(text),
      ...['virtual values', 'stored values'].map(number),
      text(''),
      ...['bytes', 'bits / weight', 'ratio'].map(number),
    ],
    [
      ...rows.map((row) => ({
        cells: [
          ...[row.name, row.kind, row.shape.join(' × '), grouped(row.virtualCount), grouped(row.storedCount)],
          barHtml(row.storedCount, most),
          ...[grouped(row.storedBytes), row.bitsPerWeight.toFixed(2), shareText(row.ratio)],
        ],
      })),
      {
        cells: [
          ...['total', '', '', grouped(total.virtualCount), grouped(total.storedCount), ''],
          ...[grouped(total.storedBytes), total.bitsPerWeight.toFixed(2), shareText(total.ratio)],
        ],
      },
    ],
  );
  return `${table}<p class="note">Bytes: of the values in memory; the file has them in its own format.</p>`;
}

/** Two or more sizes of one thing, each with its bar. */
export function byteBars(sizes: readonly (readonly [name: string, bytes: number])[]): string {
  const most = sizes.reduce((found, [, bytes]) => Math.max(found, bytes), 0);
  return tableHtml(
    [text(''), number('bytes'), text('')],
    sizes.map(([name, bytes], k) => ({ cells: [name, grouped(bytes), barHtml(bytes, most, { color: k })] })),
  );
}

/** Matrices before and after they were fitted by other schemes. */
export function fittedHtml({ weights, before, after }: FittedSizes): string {
  const shrink = (from: number, to: number): string => (to === 0 ? '–' : `${(from / to).toFixed(1)} ×`);
  return tableHtml(
    [
      ...['weight', 'scheme', 'shape'].map(text),
      ...['relative error', 'stored before', 'stored after', 'smaller'].map(number),
    ],
    [
      ...weights.map(({ name, before: from, after: to, error }) => ({
        cells: [
          ...[name, `${from.kind} → ${to.kind}`, to.shape.join(' × ')],
          error.toPrecision(3),
          ...[grouped(from.storedCount), grouped(to.storedCount), shrink(from.storedCount, to.storedCount)],
        ],
      })),
      {
        cells: [
          ...['model', '', '', ''],
          ...[
            grouped(before.storedCount),
            grouped(after.storedCount),
            shrink(before.storedCount, after.storedCount),
          ],
        ],
      },
    ],
  );
}
