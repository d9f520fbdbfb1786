import { expanded, type Node, type Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { Language } from './language.ts';
import { realExpression } from './reals.ts';
import { type UsedSlots, usedSlots } from './used-slots.ts';
import { uniformNames, type WordNotation } from './words.ts';

/** Expressions, in a kernel's source, of all that a program reads. */
export interface Reads {
  readonly row?: string;
  readonly col?: string;
  /** The halves of a uniform word: see `uniformHalves`. */
  uniform?(slot: number): readonly [low: string, high: string];
  scalar?(slot: number): string;
  input?(slot: number): string;
  /** The element of a stored array at the index given as an expression. */
  stored?(slot: number, index: string): string;
}

/** A function of floats that the source of a kernel can call. */
export interface Callable {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** A program as text: native functions of a kernel, and the lines of the kernel's source that call them. */
export interface ProgramText {
  readonly native: string;
  readonly callable: readonly Callable[];
  /** The slots of what it reads. */
  readonly used: UsedSlots;
  /** Whether it computes with words, not with reals alone. */
  readonly hasWords: boolean;
  /** Names of the variables that hold the results, once evaluated: of the outputs, then of the sinks. */
  readonly results: readonly string[];
  /** Lines that evaluate the program at one entry. */
  evaluate(reads: Reads): string[];
}

/**
 * Writes a program for a kernel, as two native functions: of words, from which all indices come, and of reals. What
 * is read at the indices is read between them, in the kernel's own source. Each function leaves its results in
 * variables outside of it.
 *
 * @param prefix tells apart the names of several programs of one kernel
 */
export function programText(program: Program, language: Language, prefix = 'p'): ProgramText {
  return new Writer(expanded(program), language, prefix).text();
}

/** The definitions of a kernel that evaluates one program. */
export function definitionsOf({ native, hasWords }: ProgramText, language: Language): string {
  return [...(hasWords ? [language.wordPrelude] : []), native].join('\n');
}

interface Parameter {
  readonly name: string;
  readonly from: (reads: Reads) => string;
}

interface Gather {
  readonly slot: number;
  readonly name: string;
  /** A number, or the function that gives the index. */
  readonly index: string | number;
}

class Writer {
  readonly #program: Program;
  readonly #language: Language;
  readonly #prefix: string;
  readonly #words: WordNotation;
  readonly #wordLines: string[] = [];
  readonly #realLines: string[] = [];
  /** Variables outside of the functions. */
  readonly #left = new Set<string>();
  readonly #used: UsedSlots;
  readonly #gathers: Gather[] = [];
  readonly #parameters: Parameter[] = [];
  /** The expression of each real. */
  readonly #reals = new Map<number, string>();

  constructor(program: Program, language: Language, prefix: string) {
    this.#program = program;
    this.#language = language;
    this.#prefix = prefix;
    this.#used = usedSlots(program);
    this.#words = language.words(program);
  }

  text(): ProgramText {
    const { nodes, outputs, sinks } = this.#program;
    for (const node of nodes)
      if (node.type === 'word') this.#wordLines.push(...this.#words.write(node));
      else this.#reals.set(node.id, this.#real(node));
    const ids = [...outputs, ...sinks.map(({ value }) => value)];
    const results = ids.map((id, k) => {
      const name = `${this.#prefix}result${k}`;
      this.#leave(this.#realLines, name, this.#reals.get(id) as string);
      return name;
    });
    const language = this.#language;
    const uniforms = this.#used.uniforms.flatMap(uniformNames);
    const getters = [
      ...this.#gathers.flatMap(({ index }) => (typeof index === 'string' ? [index] : [])),
      ...results,
    ];
    const functions: (Callable & { readonly body: readonly string[] })[] = [
      { name: `${this.#prefix}words`, parameters: ['row', 'col', ...uniforms], body: this.#wordLines },
      {
        name: `${this.#prefix}reals`,
        parameters: this.#parameters.map(({ name }) => name),
        body: this.#realLines,
      },
    ].map(({ body, ...rest }) => ({ ...rest, body: [...body, 'return 0.0;'] }));
    functions.push(
      ...getters.map((name) => ({ name: `${name}Of`, parameters: [], body: [`return ${name};`] })),
    );
    return {
      native: [
        ...[...this.#left].map((name) => language.shared(name)),
        ...functions.map(({ name, parameters, body }) => language.define(name, parameters, body)),
      ].join('\n'),
      callable: functions.map(({ name, parameters }) => ({ name, parameters })),
      used: this.#used,
      hasWords: this.#wordLines.length > 0,
      results: results.map((name) => `${name}Here`),
      evaluate: (reads) => this.#calls(reads, results),
    };
  }

  #calls(reads: Reads, results: readonly string[]): string[] {
    const prefix = this.#prefix;
    const missing = (): never => {
      throw new ArgumentError({
        operation: 'programText',
        expected: 'an expression for all that the program reads',
        actual: 'fewer',
      });
    };
    const lines: string[] = [];
    if (this.#wordLines.length > 0) {
      const halves = this.#used.uniforms.flatMap((slot) => reads.uniform?.(slot) ?? missing());
      const coordinates = [reads.row ?? '0.0', reads.col ?? '0.0'];
      lines.push(`const ${prefix}wordsDone = ${prefix}words(${[...coordinates, ...halves].join(', ')});`);
    }
    for (const { slot, name, index } of this.#gathers) {
      const at = typeof index === 'string' ? `${index}Here` : String(index);
      if (typeof index === 'string') lines.push(`const ${at} = ${index}Of();`);
      lines.push(`const ${prefix}${name} = ${reads.stored?.(slot, at) ?? missing()};`);
    }
    const passed = this.#parameters.map(({ from }) => from(reads));
    lines.push(`const ${prefix}realsDone = ${prefix}reals(${passed.join(', ')});`);
    for (const name of results) lines.push(`const ${name}Here = ${name}Of();`);
    return lines;
  }

  #leave(lines: string[], name: string, expression: string): void {
    if (this.#left.has(name)) return;
    this.#left.add(name);
    lines.push(`${name} = ${expression};`);
  }

  #parameter(name: string, from: (reads: Reads) => string | undefined): string {
    this.#parameters.push({ name, from: (reads) => from(reads) as string });
    return name;
  }

  /** Writes what computes a real; gives the expression of its value. */
  #real(node: Node): string {
    const { id, op, args, value } = node;
    const [first] = args as [number];
    switch (op) {
      case 'real':
        return this.#language.literal(value);
      case 'scalar':
        return this.#parameter(`c${value}`, (reads) => reads.scalar?.(value));
      case 'input':
        return this.#parameter(`x${value}`, (reads) => reads.input?.(value));
      case 'at':
        return this.#stored(id, value, first);
      case 'asSign':
        return this.#ofWord(`sign${first}`, this.#words.asSign(first));
      case 'asReal':
        return this.#ofWord(`number${first}`, this.#words.asNumber(first));
    }
    const expression = realExpression(node, this.#language, (place) =>
      op === 'select' && place === 0
        ? this.#ofWord(`truth${first}`, this.#words.asTruth(first))
        : (this.#reals.get(args[place] as number) as string),
    );
    this.#realLines.push(this.#language.constant(`r${id}`, expression));
    return `r${id}`;
  }

  #stored(id: number, slot: number, index: number): string {
    const { op, value } = this.#program.graph.at(index);
    const name = `s${id}`;
    const isConstant = op === 'word';
    const at = isConstant ? value : this.#ofWord(`index${index}`, this.#words.asNumber(index));
    this.#gathers.push({ slot, name, index: at });
    return this.#parameter(name, () => `${this.#prefix}${name}`);
  }

  /** A float made of a word, left for what comes after the function of words. */
  #ofWord(name: string, expression: string): string {
    const full = `${this.#prefix}${name}`;
    this.#leave(this.#wordLines, full, expression);
    return full;
  }
}
