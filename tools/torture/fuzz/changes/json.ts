import type { JsonValue } from '@funhash/codec';
import { editedJson, jsonAt, jsonPaths } from '@funhash/codec/testing';
import { type Draw, edges, oneIn, pick } from '../draw.ts';

const names = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then', 'toJSON'],
  ...[
    '',
    '0',
    '-1',
    '0.weight.w',
    '1.bias',
    'space',
    'type',
    'w',
    'kind',
    'a\u009bb',
    '\u001b[31m',
    '\u202e',
  ],
];

/** Text that JSON.stringify does not write: numbers beyond doubles, keys twice, what is no JSON. */
const raw = [
  ...['1e999', '-1e999', '1e-400', '-0', '01', '1.', '.5', '+1', '0x10', 'NaN', 'Infinity', 'undefined'],
  ...['9007199254740993', '1e400000', `${'9'.repeat(400)}`, `0.${'0'.repeat(400)}1`],
  ...['"\\ud800"', '"\\u0000"', '"\\u009b"', '"\\x41"', '"\u0001"', '"\u007f\u0085"', '"'],
  ...['{"a":1,"a":2}', '{"__proto__":{"type":"flatten"}}', '{"__proto__":null}', '[,]', '[1,]', '{,}', ''],
];

const strings = [
  ...names,
  ...[
    'tile',
    'frozen',
    'dense',
    'sequential',
    'hashedNet',
    'funHash',
    'xxHash32',
    'relu',
    'f32',
    'F64',
    'i8',
  ],
  ...['x'.repeat(5000), 'é"\n', '../../etc/passwd', '/dev/zero', 'nan', 'true', '1/0', '1e9', ' 1'],
];

const numbers = [
  ...edges,
  ...edges.map((edge) => -edge),
  ...[0.5, -0.5, 1e-320, 1e-7, 2 ** 40, 2 ** 53, 2 ** 53 + 2, 1e21, 1e308, 0.1],
];

/**
 * JSON text with one or two changes: values replaced by others of any type, members dropped, renamed, doubled or
 * nested, members of other places put in. Text that is no JSON is changed as text.
 */
export function changedJson(text: string, draw: Draw): string {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return changedText(text, draw);
  }
  if (oneIn(draw, 12)) return changedText(text, draw);
  const texts: string[] = [];
  for (let edits = oneIn(draw, 4) ? 2 : 1; edits > 0; edits--) value = changedValue(value, draw, texts);
  const written = JSON.stringify(value) ?? 'null';
  return written.replace(/"@raw(\d+)@"/g, (_, k: string) => texts[Number(k)] ?? '');
}

/** Text with one change that knows nothing of its meaning. */
export function changedText(text: string, draw: Draw): string {
  const at = draw.integer(text.length + 1);
  const length = draw.integer(16);
  const from = draw.integer(text.length + 1);
  const inserted = [
    pick(draw, raw),
    pick(draw, strings),
    String(pick(draw, numbers)),
    text.slice(from, from + length),
    pick(draw, [
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '\\',
      '-',
      '/',
      '=',
      ';',
      '\n',
      '\u0000',
      '\u009b',
      '\ufeff',
    ]),
    pick(draw, ['[', '{"a":', '(', '-']).repeat(1 + draw.integer(oneIn(draw, 20) ? 20_000 : 40)),
  ];
  const middle = oneIn(draw, 4) ? '' : pick(draw, inserted);
  return text.slice(0, at) + middle + text.slice(at + (draw.integer(2) === 0 ? 0 : length));
}

function changedValue(value: JsonValue, draw: Draw, texts: string[]): JsonValue {
  const paths = jsonPaths(value);
  const replacement = (): JsonValue => {
    switch (draw.integer(12)) {
      case 0:
        texts.push(pick(draw, raw));
        return `@raw${texts.length - 1}@`;
      case 1:
      case 2:
        return jsonAt(value, pick(draw, paths));
      case 3:
        return pick(draw, strings);
      case 4:
        return pick(draw, [
          null,
          true,
          false,
          [],
          {},
          [[]],
          [{}],
          { 0: 1 },
          ['space', 'space'],
        ] as JsonValue[]);
      case 5:
        texts.push(deep(draw));
        return `@raw${texts.length - 1}@`;
      default:
        return pick(draw, numbers);
    }
  };
  return editedJson(value, pick(draw, paths), (key, old) => {
    switch (draw.integer(10)) {
      case 0:
        return [];
      case 1:
        return [[pick(draw, names), old]];
      case 2:
        return [
          [key, old],
          [pick(draw, names), replacement()],
        ];
      case 3:
        return [[key, typeof old === 'number' ? old + draw.integer(5) - 2 : [old]]];
      case 4:
        if (Array.isArray(old)) return [[key, changedList(old, draw)]];
        return [[key, typeof old === 'string' ? changedText(old, draw) : replacement()]];
      case 5:
        if (typeof old === 'number') return [[key, old * pick(draw, [-1, 0.5, 2, 256, 65536])]];
        return [[key, replacement()]];
      default:
        return [[key, replacement()]];
    }
  });
}

function changedList(list: readonly JsonValue[], draw: Draw): JsonValue {
  if (list.length === 0) return [0];
  const times = oneIn(draw, 20) ? 2000 : 3;
  return pick(draw, [
    [...list].reverse(),
    list.slice(1),
    [...list, ...list],
    Array(times).fill(list[0]).flat(),
  ]);
}

/** Nesting to any depth, closed or not. */
function deep(draw: Draw): string {
  const levels = 1 + draw.integer(oneIn(draw, 10) ? 30_000 : 80);
  const [open, inner, close] = pick(draw, [
    ['[', '', ']'],
    ['{"a":', '0', '}'],
    ['{"type":"sequential","layers":[', '{"type":"flatten"}', ']}'],
  ] as const);
  return open.repeat(levels) + inner + (oneIn(draw, 4) ? '' : close.repeat(levels));
}
