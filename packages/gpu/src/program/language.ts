/** What the native part of a kernel is written in: script where gpu.js runs on the CPU, else shader text. */
export type Language = 'js' | 'glsl100' | 'glsl300';

/** One assignment of a new local variable. */
export function local(language: Language, name: string, value: string, type = 'float'): string {
  return `${language === 'js' ? 'const' : type} ${name} = ${value};`;
}

/** A variable outside of functions, through which one function leaves results for others. */
export function shared(language: Language, name: string): string {
  return language === 'js' ? `let ${name} = 0;` : `float ${name} = 0.0;`;
}

/** A function of floats that returns a float. */
export function define(
  language: Language,
  name: string,
  parameters: readonly string[],
  body: readonly string[],
): string {
  const list = parameters
    .map((parameter) => (language === 'js' ? parameter : `float ${parameter}`))
    .join(', ');
  const head = language === 'js' ? `function ${name}(${list})` : `float ${name}(${list})`;
  return `${head} {\n${body.map((line) => `  ${line}`).join('\n')}\n}`;
}

/** A number as a literal of f32, to its nearest value. */
export function numberText(value: number, language: Language): string {
  if (Number.isNaN(value)) return language === 'js' ? 'NaN' : '(0.0 / 0.0)';
  if (!Number.isFinite(value)) {
    const infinity = language === 'js' ? 'Infinity' : '(1.0e30 * 1.0e30)';
    return value > 0 ? infinity : `(-${infinity})`;
  }
  const text = Object.is(value, -0) ? '-0.0' : String(Math.fround(value));
  const literal = /[.e]/.test(text) ? text : `${text}.0`;
  return literal.startsWith('-') ? `(${literal})` : literal;
}
