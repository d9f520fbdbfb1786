import type { Node } from '../node.ts';
import type { Known } from '../value.ts';
import { known } from './known.ts';

/** The value of a Constant node. */
export function constantOf(node: Node): Known {
  const array = node.array('value');
  if (array) return { known: array };
  for (const [name, kind] of [
    ['value_float', 'float'],
    ['value_int', 'int'],
  ] as const)
    if (node.has(name))
      return known(kind, [], Float64Array.of(kind === 'int' ? node.int(name, 0) : node.float(name, 0)));
  for (const [list, kind] of [
    [node.floats('value_floats'), 'float'],
    [node.ints('value_ints'), 'int'],
  ] as const)
    if (
      list &&
      (node.has('value_floats') || node.has('value_ints')) &&
      (kind === 'int') === node.has('value_ints')
    )
      return known(kind, [list.length], Float64Array.from(list));
  return node.refuse('a constant of numbers', 'one of texts, or none');
}
