import { expanded, type Node, type Program } from '@funhash/formula';
import type { Language } from './language.ts';
import { realExpression } from './reals.ts';
import { type UsedSlots, usedSlots } from './used-slots.ts';
import { uniformNames } from './words.ts';

/** A program as the body of one function, for languages whose functions read arrays. */
export interface EntryBody {
  /** What must stand before the function, once in a text. */
  readonly definitions: string;
  /**
   * The names that the body reads: `row` and `col`; `u0l` and `u0h`, the halves of uniform word 0 (see
   * `uniformHalves`); `scalar0`; `input0`, the operand's value at this entry; `stored0`, an array.
   */
  readonly parameters: readonly string[];
  /** Lines that evaluate the program at one entry. */
  readonly lines: readonly string[];
  /** The expression of each output, once evaluated. */
  readonly outputs: readonly string[];
  /** What each sink adds, and where: expressions. */
  readonly additions: readonly { readonly slot: number; readonly index: string; readonly value: string }[];
}

/**
 * Writes a program as the body of one function: words and reals in the order of their nodes, each a local.
 *
 * @param stored the expression of an element of a stored array; default `stored0[index]`
 */
export function entryBody(
  given: Program,
  language: Language,
  stored: (slot: number, index: string) => string = (slot, index) => `stored${slot}[${index}]`,
): EntryBody {
  const program = expanded(given);
  const words = language.words(program);
  const real = (node: Node): string => {
    const { op, args, value } = node;
    const [first] = args as [number];
    switch (op) {
      case 'real':
        return language.literal(value);
      case 'scalar':
      case 'input':
        return `${op}${value}`;
      case 'at':
        return stored(value, words.asIndex(first));
      case 'asSign':
        return words.asSign(first);
      case 'asReal':
        return words.asNumber(first);
      default:
        return realExpression(node, language, (place) =>
          op === 'select' && place === 0 ? `t${node.id}` : `r${args[place]}`,
        );
    }
  };
  const needed = neededBy(program);
  const lines = program.nodes.flatMap((node) => {
    if (!needed.has(node.id)) return [];
    if (node.type === 'word') return words.write(node);
    const { id, op, args } = node;
    const truth = op === 'select' ? [language.constant(`t${id}`, words.asTruth(args[0] as number))] : [];
    return [...truth, language.constant(`r${id}`, real(node))];
  });
  const hasWords = program.nodes.some(({ type }) => type === 'word');
  return {
    definitions: hasWords ? language.wordPrelude : '',
    parameters: parametersOf(usedSlots(program)),
    lines,
    outputs: program.outputs.map((id) => `r${id}`),
    additions: program.sinks.map(({ slot, index, value }) => ({
      slot,
      index: words.asIndex(index),
      value: `r${value}`,
    })),
  };
}

/** Nodes that values come from: what only a derivative is made of, behind `surrogate`, is not among them. */
function neededBy({ nodes, outputs, sinks }: Program): ReadonlySet<number> {
  const needed = new Set([...outputs, ...sinks.flatMap(({ index, value }) => [index, value])]);
  for (const { id, op, args } of nodes.toReversed())
    if (needed.has(id)) for (const arg of op === 'surrogate' ? args.slice(0, 1) : args) needed.add(arg);
  return needed;
}

const parametersOf = ({ uniforms, scalars, inputs, stored }: UsedSlots): string[] => [
  ...['row', 'col', ...uniforms.flatMap(uniformNames)],
  ...scalars.map((slot) => `scalar${slot}`),
  ...inputs.map((slot) => `input${slot}`),
  ...stored.map((slot) => `stored${slot}`),
];
