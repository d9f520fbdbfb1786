import stringWidth from 'string-width';

/** Columns that a text takes on a terminal: wide characters take two, combining ones none. */
export const widthOf = (text: string): number => (plain.test(text) ? text.length : stringWidth(text));

const plain = /^[ -~]*$/;

/**
 * Text broken between words into lines of so many columns, each as far in as the line that it continues. A word that is longer stays
 * whole: it may be a path, to be copied. Commands of a shell are continued by backslashes.
 *
 * @param columns undefined: nothing is broken
 */
export function wrapped(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => (widthOf(line) <= columns ? [line] : brokenLine(line, columns)))
    .join('\n');
}

function brokenLine(line: string, columns: number): string[] {
  const [, indent = '', rest = ''] = /^(\s*)(.*)$/.exec(line) ?? [];
  const isCommand = /^(\$ )?(npx )?funhash /.test(rest);
  if (isCommand) return lined(argumentsOf(rest), indent, `${indent}    `, ' \\', columns);
  return lined(rest.split(/ +/), indent, indent, '', columns);
}

/** A flag stays with its value. */
function argumentsOf(command: string): string[] {
  return command.split(/ (?=--)/).flatMap((part, k) => (k === 0 ? [part] : part.split(/ (?=-)/)));
}

function lined(
  parts: readonly string[],
  first: string,
  next: string,
  ending: string,
  columns: number,
): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    const start = lines.length === 0 ? first : next;
    const longer = line === '' ? `${start}${part}` : `${line} ${part}`;
    if (line !== '' && widthOf(longer) > columns - ending.length) {
      lines.push(`${line}${ending}`);
      line = `${next}${part}`;
    } else line = longer;
  }
  return [...lines, line];
}

/** Text cut to so many columns, its end marked by `…`. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > columns - 1) break;
    kept += character;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** Text filled up to so many columns. */
export const padded = (text: string, columns: number, isRight = false): string => {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return isRight ? space + text : text + space;
};
