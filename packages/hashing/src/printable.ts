// Control characters (C0, DEL, C1), separators of lines, marks that change the direction of text, and halves of
// surrogate pairs: what a terminal obeys, or shows in another order than it reads.
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\ufeff]/gu;

/**
 * Text from outside (a file, a name, a path) as a terminal or a page may show it: on one line, with what would steer
 * them escaped as in JSON, `\u009b`. Messages of `FunhashError` are made so.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Text as a message may hold it: printable, at most so many characters, cut in the middle; `""` where there is none. */
export function inMessage(text: string, most: number): string {
  if (text === '') return '""';
  const shown = printable(cutInMiddle(text, most));
  return cutInMiddle(shown, most);
}

function cutInMiddle(text: string, most: number): string {
  const end = Math.floor(most / 3);
  return text.length <= most ? text : `${text.slice(0, most - end - 1)}…${text.slice(-end)}`;
}

/** Text from outside in double quotes, printable, and short enough for a message. */
export function quoted(text: string): string {
  const most = 80;
  const shown = printable(JSON.stringify(text.slice(0, most)));
  return text.length <= most ? shown : `${shown}…`;
}
