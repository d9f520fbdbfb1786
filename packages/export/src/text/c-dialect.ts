import { languages } from '@funhash/codegen';
import type { Dialect } from './dialect.ts';

/** C99, and what WebAssembly is compiled from. */
export const cDialect: Dialect = {
  language: languages.c,
  sums: 4,
  loop: (name, extent, step = 1) =>
    `for (int ${name} = 0; ${name} < ${extent}; ${step === 1 ? `${name}++` : `${name} += ${step}`})`,
  integer: (name, value) => `const int ${name} = ${value};`,
  counter: (name, value) => `int32_t ${name} = ${value};`,
  real: (name, value) => `float ${name} = ${value};`,
  state: (name, value) => `static int32_t ${name} = ${value};`,
  quotient: (a, b) => `${a} / ${b}`,
  parameter: (name, type) => `${type === 'real' ? 'float' : type === 'word' ? 'uint32_t' : 'int'} ${name}`,
  define: (name, parameters, body, gives) =>
    `static ${{ real: 'float', integer: 'int', nothing: 'void' }[gives]} ${name}(${parameters.join(', ') || 'void'}) {\n${body}\n}`,
  element: (array, index) => `${array}[${index}]`,
  convert: (value, from, to) =>
    from === to ? value : to === 'i32' ? `(int32_t)(${value})` : `(float)(${value})`,
  least: (dtype) => (dtype === 'i32' ? '-2147483647' : '-INFINITY'),
  most: (dtype) => (dtype === 'i32' ? '2147483647' : 'INFINITY'),
  call: (name, x) => `${name}f(${x})`,
  checkIndex: (name, limit) =>
    `if (${name} < 0) ${name} = 0; else if (${name} > ${limit - 1}) ${name} = ${limit - 1};`,
  ones: (word) => `ones((uint32_t)(${word}))`,
  bit: (condition, at) => `(int32_t)((uint32_t)${condition} << ${at})`,
};
