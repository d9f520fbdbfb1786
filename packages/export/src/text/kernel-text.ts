import { entryBody } from '@funhash/codegen';
import type { Program } from '@funhash/formula';
import { type PlanView, sizeOf } from '@funhash/tensor';
import type { NetworkBuffer } from '../network.ts';
import type { Axis, Matrix } from '../operations.ts';
import type { Dialect } from './dialect.ts';

/** Place of a buffer in a text: the name of its array, and the element at which it begins. */
export interface Place {
  readonly array: string;
  readonly dtype: 'f32' | 'i32';
  readonly offset: number;
  /** Whether other buffers lie in the array, too. */
  readonly isShared: boolean;
  /** Values that are codes: how one is read, as a whole number, and the step that it is a multiple of. Default: elements are values. */
  readonly codes?: { readonly read: (index: string) => string; readonly step: string } | undefined;
  /** What a one is worth where elements are whole numbers of 16 bits. */
  readonly fixed?: number | undefined;
  /** Codes of a matrix that are only decoded row by row, in turn: levels of the longest row of all of these. */
  readonly longestRow?: number | undefined;
}

/** Functions of programs that a text has need of, each once. */
export class Functions {
  readonly #dialect: Dialect;
  readonly #place: (buffer: number) => Place;
  readonly #known = new Map<string, string>();
  readonly #texts: string[] = [];
  readonly #preludes = new Set<string>();

  constructor(dialect: Dialect, place: (buffer: number) => Place) {
    this.#dialect = dialect;
    this.#place = place;
  }

  get text(): string {
    const own = this.#texts.join('\n');
    const needed = [...this.#preludes].filter((prelude) => {
      const [, name] = /function (\w+)/.exec(prelude) ?? [];
      return name !== undefined && own.includes(`${name}(`);
    });
    return [...needed, own].join('\n');
  }

  /** The name of a function of the inputs of a program with one output; its parameters are those in use. */
  pointwise(program: Program): { readonly name: string; readonly slots: readonly number[] } {
    const { language } = this.#dialect;
    const body = entryBody(program, language);
    const slots = Array.from({ length: program.slots.inputs }, (_, slot) => slot).filter((slot) =>
      body.parameters.includes(`input${slot}`),
    );
    const name = this.#named(`map ${program.key}`, 'f', (own) =>
      this.#dialect.define(
        own,
        slots.map((slot) => this.#dialect.parameter(`input${slot}`, 'real')),
        shortened(body.lines, body.outputs[0] as string),
        'real',
      ),
    );
    this.#preludes.add(body.definitions);
    return { name, slots };
  }

  /** The call of the function that gives an entry of a virtual matrix. */
  entry({ program, stored }: Matrix, row: string, col: string): string {
    const { language } = this.#dialect;
    const body = entryBody(program, language, (slot, index) => {
      const { buffer, offset } = stored[slot] as PlanView;
      const place = this.#place(buffer);
      const at = added([index, String(place.offset + offset)]);
      if (!place.codes) return this.#dialect.element(place.array, at);
      const code = place.codes.read(added([index, String(offset)]));
      return `${this.#dialect.convert(code, 'i32', 'f32')} * ${place.codes.step}`;
    });
    this.#preludes.add(body.definitions);
    const lines = shortened(body.lines, body.outputs[0] as string);
    const used = (['row', 'col'] as const).filter((name) => new RegExp(`\\b${name}\\b`).test(lines));
    const name = this.#named(`entry ${lines}`, 'e', (own) =>
      this.#dialect.define(
        own,
        used.map((each) => this.#dialect.parameter(each, 'word')),
        lines,
        'real',
      ),
    );
    const values = { row, col };
    return `${name}(${used.map((each) => values[each]).join(', ')})`;
  }

  #named(key: string, letter: string, write: (name: string) => string): string {
    let name = this.#known.get(key);
    if (name === undefined) {
      name = `${letter}${this.#known.size}`;
      this.#known.set(key, name);
      this.#texts.push(write(name));
    }
    return name;
  }
}

/** Lines of constants and the return of a value, without the constants that are used once. */
function shortened(lines: readonly string[], output: string): string {
  let [rest, value] = [lines, output];
  for (let at = 0; at < rest.length; ) {
    const [, name, given] = /^const (?:\w+ )?(\w+) = (.*);$/.exec(rest[at] as string) ?? [];
    const uses = new RegExp(`\\b${name}\\b`, 'g');
    const behind = [...rest.slice(at + 1), value].join('\n').match(uses) ?? [];
    if (!name || given === undefined || (behind.length > 1 && !/^\w+$/.test(given))) {
      at++;
      continue;
    }
    const inner = /^[\w.]+(\([^()]*\))?$/.test(given) ? given : `(${given})`;
    value = value.replace(uses, inner);
    rest = rest.flatMap((line, k) => (k === at ? [] : [k > at ? line.replace(uses, inner) : line]));
  }
  return [...rest, `return ${value};`].join('\n');
}

/** A sum of terms, without those that are 0 and with numbers added. */
export function added(terms: readonly string[]): string {
  let constant = 0;
  const rest: string[] = [];
  for (const term of terms) {
    if (/^\d+$/.test(term)) constant += Number(term);
    else rest.push(term);
  }
  if (constant > 0 || rest.length === 0) rest.push(String(constant));
  return rest.join(' + ');
}

/** A term of an index: a sum of terms times a stride. */
export function scaled(index: string, stride: number): string {
  if (stride === 0 || index === '0') return '0';
  if (stride === 1) return index;
  if (/^\d+$/.test(index)) return String(Number(index) * stride);
  return `${index.includes(' ') ? `(${index})` : index} * ${stride}`;
}

/** Stands for the place of a buffer in the text of one call, until it is known whether a function makes the call. */
const offsetToken = (buffer: number, relative: number): string => `⟦${buffer}:${relative}⟧`;
const arrayToken = (buffer: number): string => `⟨${buffer}⟩`;

/** The text of one call. */
export class KernelText {
  readonly dialect: Dialect;
  readonly functions: Functions;
  readonly #buffers: readonly NetworkBuffer[];
  readonly #place: (buffer: number) => Place;
  readonly #first: ReadonlyMap<number, number>;
  #names = 0;

  constructor(
    dialect: Dialect,
    functions: Functions,
    buffers: readonly NetworkBuffer[],
    place: (buffer: number) => Place,
    views: readonly PlanView[],
  ) {
    this.dialect = dialect;
    this.functions = functions;
    this.#buffers = buffers;
    this.#place = place;
    const first = new Map<number, number>();
    for (const { buffer, offset } of views)
      first.set(buffer, Math.min(first.get(buffer) ?? Number.POSITIVE_INFINITY, offset));
    this.#first = first;
  }

  /** Buffers of the call, and the least offset of a view of each. */
  get first(): ReadonlyMap<number, number> {
    return this.#first;
  }

  dtypeOf({ buffer }: PlanView): 'f32' | 'i32' {
    return (this.#buffers[buffer] as NetworkBuffer).dtype as 'f32' | 'i32';
  }

  /** A name that the text has not used. */
  name(letter: string): string {
    return `${letter}${this.#names++}`;
  }

  /** The element of a view at a sum of terms, to be read. */
  read(view: PlanView, ...terms: readonly string[]): string {
    const { codes, fixed } = this.#place(view.buffer);
    if (fixed !== undefined)
      return `(${this.#real(this.at(view, ...terms))} * ${this.dialect.language.literal(fixed)})`;
    if (!codes) return this.at(view, ...terms);
    return `(${this.#real(this.wholeLevel(view, ...terms))} * ${codes.step})`;
  }

  #real(whole: string): string {
    return this.dialect.convert(whole, 'i32', 'f32');
  }

  /** A multiple of `stepOf` as `read` gives its value: products multiply by the step once a sum. */
  readLevel(view: PlanView, ...terms: readonly string[]): string {
    const { codes } = this.#place(view.buffer);
    return codes ? this.#real(this.wholeLevel(view, ...terms)) : this.read(view, ...terms);
  }

  /** A multiple of `stepOf`, as a whole number. */
  wholeLevel(view: PlanView, ...terms: readonly string[]): string {
    const { codes } = this.#place(view.buffer);
    return codes ? codes.read(added([...terms, String(view.offset)])) : this.at(view, ...terms);
  }

  /** The step of codes; undefined where elements are values. */
  stepOf(view: PlanView): string | undefined {
    return this.#place(view.buffer).codes?.step;
  }

  /** Levels of the longest row that is decoded in turn, where those of this matrix are. */
  longestRow(view: PlanView): number | undefined {
    return this.#place(view.buffer).longestRow;
  }

  /** The statement that writes a value to the element of a view. */
  store(view: PlanView, terms: readonly string[], value: string): string {
    const { fixed } = this.#place(view.buffer);
    const element = this.at(view, ...terms);
    if (fixed === undefined) return `${element} = ${value};`;
    return `${element} = fixed((${value}) * ${this.dialect.language.literal(1 / fixed)});`;
  }

  /** The statement that adds a value to the element of a view. */
  accumulate(view: PlanView, terms: readonly string[], value: string): string {
    const isFixed = this.#place(view.buffer).fixed !== undefined;
    if (isFixed) return this.store(view, terms, `${this.read(view, ...terms)} + ${value}`);
    return `${this.at(view, ...terms)} += ${value};`;
  }

  /** The element of a view at a sum of terms, as it lies in memory. */
  at(view: PlanView, ...terms: readonly string[]): string {
    const relative = view.offset - (this.#first.get(view.buffer) as number);
    return this.dialect.element(
      arrayToken(view.buffer),
      [...terms.filter((term) => term !== '0'), offsetToken(view.buffer, relative)].join(' + '),
    );
  }

  /** A sum of terms by a name, and the line that declares it, where it is more than one. */
  sum(letter: string, ...terms: readonly string[]): readonly [name: string, lines: readonly string[]] {
    const sum = added(terms);
    if (/^\w+$/.test(sum)) return [sum, []];
    const name = this.name(letter);
    return [name, [this.dialect.integer(name, sum)]];
  }

  /**
   * Loops over axes, and what stands in them.
   *
   * @param body given the index of each operand: a sum of terms
   */
  loops(axes: readonly Axis[], body: (indices: readonly string[]) => string): string {
    const names = axes.map(({ extent }) => (extent === 1 ? '0' : this.name('i')));
    const operands = axes[0]?.strides.length ?? 0;
    const indices = Array.from({ length: operands }, (_, operand) =>
      added(axes.map(({ strides }, axis) => scaled(names[axis] as string, strides[operand] as number))),
    );
    const heads = axes.flatMap(({ extent }, axis) =>
      extent === 1 ? [] : [this.dialect.loop(names[axis] as string, extent)],
    );
    return `${heads.join(' ')} {\n${body(indices)}\n}`;
  }
}

/** Axes that several operands are walked along, without those of extent 1, and joined where all lie so. */
export function axesOf(shape: readonly number[], strides: readonly (readonly number[])[]): readonly Axis[] {
  const axes: Axis[] = [];
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const own = strides.map((each) => each[axis] as number);
    const before = axes.at(-1);
    if (before?.strides.every((stride, operand) => stride === (own[operand] as number) * extent))
      axes[axes.length - 1] = { extent: before.extent * extent, strides: own };
    else axes.push({ extent, strides: own });
  });
  // Something to loop over, also for a single element.
  return axes.length > 0 ? axes : [{ extent: Math.min(1, sizeOf(shape)), strides: strides.map(() => 0) }];
}
