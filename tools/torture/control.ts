// C0 and C1 with line feeds and tabs, which a file could use to write lines of its own; and what turns text around.
const control = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u;

/** The place of characters that a terminal would obey; undefined where there are none. */
export function controlIn(text: string): string | undefined {
  const match = control.exec(text);
  if (!match) return undefined;
  const code = match[0].charCodeAt(0).toString(16).padStart(4, '0');
  return `U+${code} in ${JSON.stringify(text.slice(Math.max(0, match.index - 40), match.index + 20))}`;
}
