import { languages } from '@funhash/codegen';
import type { Dialect } from './dialect.ts';

/** JavaScript. */
export const scriptDialect: Dialect = {
  language: { ...languages.js, maximum: (a, b) => `max(${a}, ${b})` },
  sums: 20,
  loop: (name, extent, step = 1) =>
    `for (let ${name} = 0; ${name} < ${extent}; ${step === 1 ? `${name}++` : `${name} += ${step}`})`,
  integer: (name, value) => `const ${name} = ${value};`,
  counter: (name, value) => `let ${name} = ${value};`,
  real: (name, value) => `let ${name} = ${value};`,
  state: (name, value) => `let ${name} = ${value};`,
  quotient: (a, b) => `(${a} / ${b} | 0)`,
  parameter: (name) => name,
  define: (name, parameters, body) => `function ${name}(${parameters.join(', ')}) {\n${body}\n}`,
  element: (array, index) => `${array}[${index}]`,
  convert: (value) => value,
  least: (dtype) => (dtype === 'i32' ? '-2147483648' : '-Infinity'),
  most: (dtype) => (dtype === 'i32' ? '2147483647' : 'Infinity'),
  call: (name, x) => `Math.${name}(${x})`,
  checkIndex: (name, limit) => `within(${name}, ${limit});`,
  ones: (word) => `ones(${word})`,
  bit: (condition, at) => `${condition} << ${at}`,
};
