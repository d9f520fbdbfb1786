import { randomUUID } from 'node:crypto';
import { printable } from '@funhash/hashing';
import pc from 'picocolors';

/** Orders of terminals that begin and end a look. */
const looks = { bold: [1, 22], dim: [2, 22], red: [31, 39], cyan: [36, 39] } as const;

// No text from a file or a flag can hold the mark: it is drawn anew by each process.
const mark = randomUUID();

/** Text in a look, where the terminal has colours; the look takes effect in `shown`. */
export function paint(look: keyof typeof looks, text: string): string {
  return pc.isColorSupported ? `${mark}+${look};${text}${mark}-${look};` : text;
}

/**
 * Text as it may reach a terminal: characters that would steer it are escaped, whoever wrote them, and looks of `paint`
 * alone become orders. Lines stay lines; JSON stays the same JSON.
 */
export function shown(text: string): string {
  let safe = text.split('\n').map(printable).join('\n');
  if (!safe.includes(mark)) return safe;
  for (const [look, [begin, end]] of Object.entries(looks))
    safe = safe
      .replaceAll(`${mark}+${look};`, `\u001b[${begin}m`)
      .replaceAll(`${mark}-${look};`, `\u001b[${end}m`);
  return safe;
}
