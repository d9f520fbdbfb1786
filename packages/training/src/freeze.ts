import { ArgumentError, nearestName } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';

type Named = ReadonlyMap<string, Parameter>;

// A name, the place of a layer with all that is in it, or a text with * for any characters.
function chosenBy(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern || name.startsWith(`${pattern}.`);
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop() as string;
  return (name) => {
    if (!name.startsWith(head) || name.length < head.length + tail.length || !name.endsWith(tail))
      return false;
    // The leftmost place of each piece leaves the most for those behind it.
    let at = head.length;
    for (const piece of rest) {
      const found = name.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= name.length - tail.length;
  };
}

/** All places of layers that names have: of `2.body.0.weight` 2, 2.body and 2.body.0. */
const placesIn = (names: readonly string[]): string[] => [
  ...new Set(
    names.flatMap((name) => {
      const parts = name.split('.');
      return parts.slice(1).map((_, k) => parts.slice(0, k + 1).join('.'));
    }),
  ),
];

/**
 * The names among parameters and buffers that patterns choose.
 *
 * @throws ArgumentError for a pattern that chooses none, with the nearest name
 */
export function frozenNames(patterns: readonly string[], values: Named): ReadonlySet<string> {
  const names = [...values.keys()];
  const frozen = new Set<string>();
  for (const pattern of patterns) {
    const chosen = names.filter(chosenBy(pattern));
    for (const name of chosen) frozen.add(name);
    if (chosen.length > 0) continue;
    const nearest = nearestName(pattern, [...names, ...placesIn(names)]);
    throw new ArgumentError({
      operation: 'fit',
      expected: 'freeze: names of parameters or buffers, places of layers such as 0, or texts with *',
      actual: `${pattern}, which is none`,
      remedy: nearest === undefined ? `There are ${shortList(names)}.` : `Did you mean ${nearest}?`,
    });
  }
  return frozen;
}

const shortList = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
