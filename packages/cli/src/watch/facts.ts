import { escapeHtml } from '@funhash/hashing';

/** How far something is, with what there is to say of it. @param share done, 0 to 1 */
export function progressHtml(
  share: number,
  facts: readonly (readonly [name: string, value: string])[],
): string {
  const percent = (100 * Math.max(0, Math.min(1, share))).toFixed(1);
  const pairs = facts.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<div class="track" role="progressbar" aria-label="done" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${percent}"><b style="width:${percent}%"></b></div><dl class="facts">${pairs.join('')}</dl>`;
}
