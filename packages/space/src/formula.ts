import {
  adjoint,
  Graph,
  isLinear,
  Program,
  Real,
  rearranged,
  symbolicWords,
  tangent,
  transposed,
  Word,
} from '@funhash/formula';
import { ArgumentError, checkArgument, type HashFamily, option, shownValue } from '@funhash/hashing';
import { joinedPlaces, type KernelPlaces } from './kernel-places.ts';
import type { FormulaOptions, OptionSchema, OptionValues } from './options.ts';
import { hashFormulaOf, type OwnHash } from './own-hash.ts';
import type { SchemeDefinition, StoredArray } from './scheme.ts';

/** The program of a virtual matrix and all that is derived from it, each on first use. */
export class Formula {
  readonly program: Program;
  #transposed: Formula | undefined;
  #tangent: Formula | undefined;
  #rowsFrom: Formula | undefined;
  readonly #turned = new Map<string, Formula>();
  #adjoint: Program | undefined;
  #isLinear: boolean | undefined;

  constructor(program: Program) {
    this.program = program;
  }

  /** The formula of Vᵀ. */
  get transposed(): Formula {
    if (!this.#transposed) {
      this.#transposed = new Formula(transposed(this.program));
      this.#transposed.#transposed = this;
    }
    return this.#transposed;
  }

  /** The formula of the rows of V from one on, whose number is one more uniform, the last. */
  get rowsFrom(): Formula {
    this.#rowsFrom ??= new Formula(
      rearranged(this.program, 1, ({ row, col }, [from]) => ({ row: row.plus(from as Word), col })),
    );
    return this.#rowsFrom;
  }

  /** The formula of V′[c, (q, o)] = V[o, (place q, c)] with c < inputs, o < outputs. */
  turned(places: KernelPlaces, outputs: number, inputs: number): Formula {
    const { first, extents, steps } = joinedPlaces(places);
    const key = [first, ...extents, ...steps, outputs, inputs].join();
    const found =
      this.#turned.get(key) ??
      new Formula(
        rearranged(this.program, 0, ({ row, col }) => {
          let left = col.group(outputs);
          let at = row.plus(first * inputs);
          for (let axis = extents.length - 1; axis >= 0; axis--) {
            const extent = extents[axis] as number;
            const index = axis === 0 ? left : left.lane(extent);
            at = at.plus(index.times((steps[axis] as number) * inputs));
            left = left.group(extent);
          }
          return { row: col.lane(outputs), col: at };
        }),
      );
    this.#turned.set(key, found);
    return found;
  }

  /** The formula of dV in the direction read from the second half of the stored slots. */
  get tangent(): Formula {
    this.#tangent ??= new Formula(tangent(this.program));
    return this.#tangent;
  }

  /** Adds the gradients of the stored values under the cotangent of V, its input 0. */
  get adjoint(): Program {
    this.#adjoint ??= adjoint(this.program);
    return this.#adjoint;
  }

  get isLinear(): boolean {
    this.#isLinear ??= isLinear(this.program);
    return this.#isLinear;
  }
}

/** Uniform words of every formula before the scheme's own: the extents. */
const builtInWords = ['rows', 'cols'] as const;

export interface TracedScheme {
  readonly formula: Formula;
  /** Names of the stored arrays by slot. */
  readonly arrays: readonly string[];
  /** Names of the word and real options, in the order of uniform and scalar slots. */
  readonly words: readonly string[];
  readonly reals: readonly string[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isDefinition = (value: unknown): boolean =>
  isRecord(value) && isRecord(value.options) && typeof value.entry === 'function';

const traced = new WeakMap<object, Map<string, TracedScheme>>();

/**
 * The formula of a scheme under its structural options; equal requests share one.
 *
 * @param isScaled whether entries are multiplied by a scalar, the last: the scale of a layer in a shared space
 */
export function traceScheme<O extends OptionSchema>(
  definition: SchemeDefinition<O>,
  options: OptionValues<O>,
  arrays: readonly string[],
  isScaled: boolean,
): TracedScheme {
  checkArgument('traceScheme', 'definition', option.that('that of a scheme', isDefinition), definition);
  checkArgument('traceScheme', 'options', option.that('options by name', isRecord), options);
  checkArgument('traceScheme', 'arrays', option.that('a list of names', Array.isArray), arrays);
  const entries = Object.entries(definition.options);
  const key = JSON.stringify([
    entries.filter(([, { role }]) => role === 'structural').map(([name]) => options[name]),
    arrays,
    isScaled,
  ]);
  const known = traced.get(definition) ?? new Map<string, TracedScheme>();
  traced.set(definition, known);
  const found = known.get(key) ?? trace(definition, options, arrays, isScaled);
  known.set(key, found);
  return found;
}

function trace<O extends OptionSchema>(
  definition: SchemeDefinition<O>,
  options: OptionValues<O>,
  arrays: readonly string[],
  isScaled: boolean,
): TracedScheme {
  const graph = new Graph();
  const word = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const lift = (value: Word | number): Word =>
    typeof value === 'number' ? Word.constant(graph, value) : value;
  const named = (role: string): string[] =>
    Object.entries(definition.options).flatMap(([name, option]) => (option.role === role ? [name] : []));
  const words = named('word');
  const reals = named('real');
  const scalar = (slot: number): Real => Real.from(graph, graph.node('scalar', [], slot));
  const formulaOptions = Object.fromEntries(
    Object.keys(definition.options).map((name) => {
      if (words.includes(name)) return [name, word('uniform', builtInWords.length + words.indexOf(name))];
      if (reals.includes(name)) return [name, scalar(reals.indexOf(name))];
      return [name, options[name]];
    }),
  ) as FormulaOptions<O>;
  const stored = Object.fromEntries(
    arrays.map((name, slot): [string, StoredArray] => [
      name,
      { at: (index) => Real.from(graph, graph.node('at', [lift(index).id], slot)) },
    ]),
  );
  const formula = hashFormulaOf((options as { readonly hash?: HashFamily | OwnHash }).hash);
  const value: unknown = tracedEntry(definition.kind, () =>
    definition.entry(
      {
        row: word('row'),
        col: word('col'),
        rows: word('uniform', 0),
        cols: word('uniform', 1),
        hash: (row, col, seed) => formula(symbolicWords(graph), lift(row), lift(col), seed),
      },
      stored,
      formulaOptions,
    ),
  );
  if (!(value instanceof Real))
    throw new ArgumentError({
      operation: definition.kind,
      expected: 'entry to return a Real',
      actual: value instanceof Word ? 'a Word' : shownValue(value),
      remedy: 'Read stored values by .at(…), or make one of a Word by .asReal() or .asSign().',
    });
  const program = new Program(graph, [(isScaled ? value.times(scalar(reals.length)) : value).id], [], {
    stored: arrays.length,
    inputs: 0,
    uniforms: builtInWords.length + words.length,
    scalars: reals.length + (isScaled ? 1 : 0),
  });
  return { formula: new Formula(program), arrays, words, reals };
}

/** What `entry` states; a method that symbols do not have is named as such. */
function tracedEntry<T>(kind: string, entry: () => T): T {
  try {
    return entry();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ArgumentError(
      {
        operation: kind,
        expected: 'entry to use methods that Word and Real have',
        actual: cause.message,
        remedy: 'It is called once with symbols, not with numbers.',
      },
      { cause },
    );
  }
}
