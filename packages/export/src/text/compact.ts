/** A text without what is there to be read by people. Texts in quotes must not be in it. */
export function compact(text: string): string {
  return text
    .replace(decimals, (_, number: string) => shortest(Number(number)).replace(/^0\./, '.'))
    .replace(/\s+/g, ' ')
    .replace(/ ?([=+*/<>?:;,{}()|&!^%[\]]) ?/g, '$1')
    .replace(/ ?- ?(?!-)/g, '-')
    .replace(/\+0\]/g, ']')
    .replace(/\[0\+/g, '[')
    .replace(/;}/g, '}')
    .replace(/^\s+|\s+$/g, '');
}

const decimals = /\b(\d+\.\d+(?:e[-+]?\d+)?)f?(?![\w.])/g;

/** A text of C in which all decimal numbers are float, of the fewest digits. */
export function withFloats(text: string): string {
  return text.replace(decimals, (_, number: string) => {
    const digits = shortest(Number(number));
    return `${/[.e]/.test(digits) ? digits : `${digits}.`}f`;
  });
}

/** The fewest digits that are the same f32. */
function shortest(value: number): string {
  const exact = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = exact.toPrecision(digits);
    if (Math.fround(Number(text)) === exact) return String(Number(text));
  }
  return String(exact);
}
