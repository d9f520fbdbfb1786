import { escapeHtml } from '@funhash/hashing';
import { grouped } from '../terminal/output.ts';
import { prose } from './html.ts';

/** Beyond so many classes cells are small, and titles stand upright. */
const manyClasses = 16;
const mostNamed = 5;

/**
 * Counts of test images by their class and the one that a net says: a row for each class, a column for each answer.
 *
 * @param counts [classes, classes]
 * @param of whose answers they are
 * @param names of the classes. Default: their numbers
 */
export function confusionHtml(
  counts: readonly (readonly number[])[],
  of: string,
  names: readonly string[] = [],
): string {
  const nameOf = (label: number): string => names[label] ?? String(label);
  if (counts.length === 0) return '';
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const most = counts.reduce(
    (found, row, label) =>
      row.reduce((best, count, k) => (k === label ? best : Math.max(best, count)), found),
    1,
  );
  const classes = counts.map((_, k) => k);
  const head = classes.map((k) => `<th scope="col">${escapeHtml(nameOf(k))}</th>`).join('');
  const rows = counts.map((row, label) => {
    const total = totals[label] as number;
    const right = row[label] as number;
    const cells = row.map((count, k) => {
      const title = escapeHtml(`${count} of class ${nameOf(label)} taken for ${nameOf(k)}`);
      const share = k === label ? right / Math.max(1, total) : Math.sqrt(count / most);
      const name = k === label ? 'right' : count > 0 ? 'wrong' : 'none';
      return `<td class="${name}" style="--h:${share.toFixed(2)}" title="${title}">${count > 0 ? count : '·'}</td>`;
    });
    const error = total === 0 ? '–' : (100 * (1 - right / total)).toFixed(1);
    return `<tr><th scope="row">${escapeHtml(nameOf(label))}</th>${cells.join('')}<td class="sum">${grouped(total)}</td><td class="sum">${error}</td></tr>`;
  });
  const size = counts.length > manyClasses ? ' small' : '';
  return (
    `<div class="scroll"><table class="confusion${size}" aria-label="${escapeHtml(`Confusion matrix of ${of}`)}">` +
    `<thead><tr><th></th><th colspan="${counts.length}" class="axis">predicted class</th><th colspan="2"></th></tr>` +
    `<tr><th scope="col" class="corner">true</th>${head}<th scope="col" class="sum">samples</th><th scope="col" class="sum">error %</th></tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>${worstOf(counts, totals, nameOf)}`
  );
}

/** The mistakes that are made most, in words. */
function worstOf(
  counts: readonly (readonly number[])[],
  totals: readonly number[],
  nameOf: (label: number) => string,
): string {
  const pairs = counts.flatMap((row, label) =>
    row.flatMap((count, k) => (k === label || count === 0 ? [] : [{ label, k, count }])),
  );
  const worst = pairs.sort((a, b) => b.count - a.count || a.label - b.label).slice(0, mostNamed);
  const images = totals.reduce((sum, total) => sum + total, 0);
  if (worst.length === 0) return `<p class="note">All ${grouped(images)} test samples are right.</p>`;
  const told = worst.map(
    ({ label, k, count }) =>
      `${nameOf(label)} for ${nameOf(k)} (${grouped(count)} of ${grouped(totals[label] as number)})`,
  );
  return `<p class="note">${prose(`Taken most often: ${told.join(', ')}.`)}</p>`;
}
