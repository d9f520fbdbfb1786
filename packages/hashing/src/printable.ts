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

/** Text from outside in double quotes, printable, and short enough for a message. */
export function quoted(text: string): string {
  const most = 80;
  const shown = printable(JSON.stringify(text.slice(0, most)));
  return text.length <= most ? shown : `${shown}…`;
}
