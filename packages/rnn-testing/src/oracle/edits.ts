/** One step from a text to another: a word that both have, one that was put in, one that was left out, one for another. */
export type Edit =
  | { readonly kind: 'kept' | 'replaced'; readonly from: number; readonly to: number }
  | { readonly kind: 'inserted'; readonly to: number }
  | { readonly kind: 'deleted'; readonly from: number };

/** Costs of the best edits between all beginnings of two texts, [a + 1, b + 1]. */
function costs(a: ArrayLike<number>, b: ArrayLike<number>): Uint32Array {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let j = 0; j < width; j++) table[j] = j;
  for (let i = 1; i <= a.length; i++) {
    const row = i * width;
    table[row] = i;
    for (let j = 1; j < width; j++) {
      const swapped = (table[row - width + j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const added = (table[row + j - 1] as number) + 1;
      const dropped = (table[row - width + j] as number) + 1;
      table[row + j] = Math.min(swapped, added, dropped);
    }
  }
  return table;
}

/** Fewest words to put in, leave out or replace between two texts (Levenshtein 1966). */
export function editDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return costs(a, b).at(-1) as number;
}

/** Fewest edits from one text to another, in the order of the words. */
export function editScript(a: ArrayLike<number>, b: ArrayLike<number>): readonly Edit[] {
  const table = costs(a, b);
  const width = b.length + 1;
  const edits: Edit[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 || j > 0) {
    const cost = table[i * width + j] as number;
    const isKept = i > 0 && j > 0 && a[i - 1] === b[j - 1];
    if (i > 0 && j > 0 && cost === (table[(i - 1) * width + j - 1] as number) + (isKept ? 0 : 1)) {
      i--;
      j--;
      edits.push({ kind: isKept ? 'kept' : 'replaced', from: a[i] as number, to: b[j] as number });
    } else if (j > 0 && cost === (table[i * width + j - 1] as number) + 1) {
      j--;
      edits.push({ kind: 'inserted', to: b[j] as number });
    } else {
      i--;
      edits.push({ kind: 'deleted', from: a[i] as number });
    }
  }
  return edits.reverse();
}

/** Edits that change something. */
export const changesIn = (edits: readonly Edit[]): number =>
  edits.filter(({ kind }) => kind !== 'kept').length;

/** The text after so many of its edits, spread evenly over it. */
export function someEdits(edits: readonly Edit[], most: number): number[] {
  const changes = changesIn(edits);
  const words: number[] = [];
  let seen = 0;
  for (const edit of edits) {
    if (edit.kind === 'kept') {
      words.push(edit.to);
      continue;
    }
    const isDone = Math.floor(((seen + 1) * most) / changes) > Math.floor((seen * most) / changes);
    seen++;
    if (isDone && edit.kind !== 'deleted') words.push(edit.to);
    if (!isDone && edit.kind !== 'inserted') words.push(edit.from);
  }
  return words;
}
