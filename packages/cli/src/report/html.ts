import { escapeHtml } from '@funhash/hashing';

/** Sentences, escaped; a count such as 12 250 stays on its line. */
export const prose = (text: string): string =>
  escapeHtml(text)
    .replace(/(\d) (?=\d{3}|%|×|±)/g, '$1\u00a0')
    .replaceAll('± ', '±\u00a0');

/** HTML that was made here, as opposed to text that is to be escaped. */
export interface Markup {
  readonly html: string;
}

type Cell = string | number | Markup;

interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

interface Row {
  /** The first names the row. */
  readonly cells: readonly Cell[];
  readonly isChosen?: boolean;
}

/** A table; texts are escaped. */
export function tableHtml(columns: readonly Column[], rows: readonly Row[]): string {
  const kind = (k: number): string => (columns[k]?.isNumber ? ' class="n"' : '');
  const head = columns.map(({ title }, k) => `<th scope="col"${kind(k)}>${escapeHtml(title)}</th>`).join('');
  const body = rows.map(({ cells, isChosen }) => {
    const shown = cells.map((cell, k) => {
      const html = typeof cell === 'object' ? cell.html : escapeHtml(String(cell));
      return k === 0 ? `<th scope="row">${html}</th>` : `<td${kind(k)}>${html}</td>`;
    });
    return `<tr${isChosen ? ' class="chosen"' : ''}>${shown.join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** A length as a bar, in a cell of its own; `spread` is drawn as a line from mean − spread to mean + spread. */
export function barHtml(
  mean: number,
  most: number,
  { spread = 0, color = 0 }: { readonly spread?: number; readonly color?: number } = {},
): Markup {
  const at = (value: number): string => (most > 0 ? (100 * Math.max(0, value)) / most : 0).toFixed(1);
  const whisker =
    spread > 0
      ? `<i style="left:${at(mean - spread)}%;width:${(Number(at(mean + spread)) - Number(at(mean - spread))).toFixed(1)}%"></i>`
      : '';
  return {
    html: `<span class="bar" style="--c:var(--s${color % 8})"><b style="width:${at(mean)}%"></b>${whisker}</span>`,
  };
}

/** A part of a page that may be opened. */
export const folded = (title: string, html: string, isOpen = false): string =>
  `<details${isOpen ? ' open' : ''}><summary>${escapeHtml(title)}</summary>${html}</details>`;
