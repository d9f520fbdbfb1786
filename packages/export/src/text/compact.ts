/** A text without what is there to be read by people. Texts in quotes must not be in it. */
export function compact(text: string): string {
  return text
    .replace(/\b(\d+\.\d+(?:e[-+]?\d+)?)(?![\d.])/g, (number) => shortest(Number(number)))
    .replace(/\s+/g, ' ')
    .replace(/ ?([=+*/<>?:;,{}()|&!^%[\]]) ?/g, '$1')
    .replace(/ ?- ?(?!-)/g, '-')
    .replace(/\+0\]/g, ']')
    .replace(/\[0\+/g, '[')
    .replace(/;}/g, '}')
    .replace(/^\s+|\s+$/g, '');
}

/** The fewest digits that are the same f32. */
function shortest(value: number): string {
  const exact = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = exact.toPrecision(digits);
    if (Math.fround(Number(text)) === exact) return String(Number(text)).replace(/^0\./, '.');
  }
  return String(exact);
}
