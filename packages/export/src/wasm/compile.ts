import { single, type Type, types, unsigned, type WasmFunction } from './binary.ts';
import { type Compiled, isZero, literal, sumOf, unsaid } from './compiled-code.ts';
import {
  codes,
  common,
  comparisons,
  conversions,
  instructions,
  powers,
  tokens,
  typeNames,
} from './instructions.ts';

/** Addresses of the arrays of a text, in bytes, and what an element is. */
export type Arrays = Readonly<
  Record<string, { readonly address: number; readonly element: 'float' | 'int' | 'byte' }>
>;

/**
 * Compiles the C that kernels are written in to WebAssembly: functions of whole numbers and floats, loops, conditions and
 * arrays; and `lanes`, four floats, by load4, store4, splat, lane and arithmetic.
 */
export function compiled(
  source: string,
  arrays: Arrays,
): {
  readonly functions: readonly WasmFunction[];
  readonly names: readonly string[];
  /** What globals begin with, in the order of their numbers. */
  readonly states: readonly number[];
} {
  return new Compiler(source, arrays).all();
}

/** A local, or a global: its number, and the instructions that read and write it. */
interface Variable {
  readonly type: Type;
  readonly read: readonly number[];
  readonly write: readonly number[];
}

interface Signature {
  readonly index: number;
  readonly parameters: readonly Type[];
  readonly result: Type | undefined;
}

class Compiler {
  readonly #tokens: readonly string[];
  readonly #arrays: Arrays;
  readonly #signatures = new Map<string, Signature>();
  #at = 0;
  #locals: Type[] = [];
  #scopes: Map<string, Variable>[] = [];
  readonly #states = new Map<string, Variable>();
  readonly #starts: number[] = [];
  #result: Type | undefined;
  /** Whether the value that a function gives is left by its last statement. */
  #isClosed = false;

  constructor(source: string, arrays: Arrays) {
    this.#arrays = arrays;
    this.#tokens = Array.from(source.matchAll(tokens), ([, token]) => token as string);
  }

  all() {
    const functions: WasmFunction[] = [];
    while (this.#at < this.#tokens.length)
      if (this.#peek(3) === '=') this.#state();
      else functions.push(this.#function());
    return { functions, names: [...this.#signatures.keys()], states: this.#starts };
  }

  /** static int name = number; */
  #state(): void {
    const [, type, name, , value] = Array.from({ length: 5 }, () => this.#next());
    this.#need(';');
    const index = unsigned(this.#starts.push(Number(value)) - 1);
    const made = { type: typeNames[type as string] as Type, read: [0x23, ...index], write: [0x24, ...index] };
    this.#states.set(name as string, made);
  }

  #peek(ahead = 0): string {
    return this.#tokens[this.#at + ahead] ?? '';
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #need(token: string): void {
    if (!this.#take(token))
      throw unsaid(token, `${this.#tokens.slice(this.#at - 8, this.#at + 4).join(' ')}`);
  }

  #function(): WasmFunction {
    this.#take('static');
    const given = this.#next();
    this.#result = given === 'void' ? undefined : typeNames[given];
    const name = this.#next();
    this.#locals = [];
    this.#scopes = [new Map()];
    this.#need('(');
    const parameters: Type[] = [];
    while (!this.#take(')')) {
      if (this.#take('void')) continue;
      parameters.push(this.#declared().type);
      this.#take(',');
    }
    this.#signatures.set(name, { index: this.#signatures.size, parameters, result: this.#result });
    this.#isClosed = false;
    const code = this.#statement();
    // Where a function that gives something has returned before its end, no value is there.
    const end = this.#result && !this.#isClosed ? [0x00] : [];
    return {
      parameters,
      result: this.#result,
      locals: this.#locals.slice(parameters.length),
      code: [...code, ...end],
    };
  }

  #declared(): Variable {
    const type = typeNames[this.#next()] as Type;
    const name = this.#next();
    const local = unsigned(this.#locals.push(type) - 1);
    const made = { type, read: [0x20, ...local], write: [0x21, ...local] };
    this.#scopes.at(-1)?.set(name, made);
    return made;
  }

  #statement(): readonly number[] {
    if (this.#take('{')) {
      const code: number[] = [];
      this.#scopes.push(new Map());
      while (!this.#take('}')) for (const byte of this.#statement()) code.push(byte);
      this.#scopes.pop();
      return code;
    }
    if (this.#take(';')) return [];
    if (this.#take('for')) return this.#loop();
    if (this.#take('if')) {
      this.#need('(');
      const condition = this.#condition(this.#expression());
      this.#need(')');
      const yes = this.#statement();
      const no = this.#take('else') ? [0x05, ...this.#statement()] : [];
      return [...condition, 0x04, 0x40, ...yes, ...no, 0x0b];
    }
    if (this.#take('return')) {
      const value = this.#as(this.#expression(), this.#result as Type);
      this.#need(';');
      const isLast = this.#peek() === '}' && ['', 'static', 'void'].includes(this.#peek(1));
      this.#isClosed = isLast;
      return isLast ? value : [...value, 0x0f];
    }
    const code = this.#simple();
    this.#need(';');
    return code;
  }

  /** A declaration, an assignment, a call, or nothing. */
  #simple(): readonly number[] {
    if (this.#peek() === ';' || this.#peek() === ')') return [];
    this.#take('const');
    if (typeNames[this.#peek()] && this.#peek(1) !== ')') {
      const { write, type } = this.#declared();
      this.#need('=');
      return [...this.#as(this.#expression(), type), ...write];
    }
    const name = this.#next();
    if (this.#peek() === '(') return this.#call(name).code;
    if (this.#take('++')) {
      const { read, write } = this.#found(name);
      return [...read, 0x41, 1, 0x6a, ...write];
    }
    if (this.#take('[')) {
      const { element, index, at } = this.#place(name);
      this.#need(']');
      const type = element === 'float' ? 'float' : 'int';
      const own: Compiled = { type, code: [...index, type === 'float' ? 0x2a : 0x28, 2, ...at] };
      return [...index, ...this.#as(this.#assigned(own), type), type === 'float' ? 0x38 : 0x36, 2, ...at];
    }
    const { type, read, write } = this.#found(name);
    return [...this.#as(this.#assigned({ type, code: read }), type), ...write];
  }

  #assigned(before: Compiled): Compiled {
    const operator = this.#next();
    const value = this.#expression();
    return operator === '=' ? value : this.#joined(operator.slice(0, -1), before, value);
  }

  #loop(): readonly number[] {
    this.#need('(');
    this.#scopes.push(new Map());
    // for (int i = 0; i < 5; …) runs at least once; so it does up to a3, a number that calls of a shared function differ by.
    const [, , , first, , , compare, limit, behind] = Array.from({ length: 9 }, (_, k) => this.#peek(k));
    const isCertain =
      first === '0' && compare === '<' && behind === ';' && (Number(limit) > 0 || /^a\d+$/.test(limit ?? ''));
    const start = this.#simple();
    this.#need(';');
    const condition = this.#condition(this.#expression());
    this.#need(';');
    const step = this.#simple();
    this.#need(')');
    const body = this.#statement();
    this.#scopes.pop();
    // loop { body; step; if so: again }
    if (isCertain) return [...start, 0x03, 0x40, ...body, ...step, ...condition, 0x0d, 0, 0x0b];
    // block { loop { if not: leave; body; step; again } }
    return [
      ...start,
      0x02,
      0x40,
      0x03,
      0x40,
      ...condition,
      0x45,
      0x0d,
      1,
      ...body,
      ...step,
      0x0c,
      0,
      0x0b,
      0x0b,
    ];
  }

  #found(name: string): Variable {
    const found = this.#scopes.findLast((scope) => scope.has(name))?.get(name) ?? this.#states.get(name);
    if (!found) throw unsaid(`${name}`, 'nothing of that name or type');
    return found;
  }

  #expression(): Compiled {
    const condition = this.#binary(0);
    if (!this.#take('?')) return condition;
    const yes = this.#expression();
    this.#need(':');
    const no = this.#expression();
    const type = common(yes.type, no.type);
    return {
      type,
      code: [
        ...this.#condition(condition),
        0x04,
        types[type],
        ...this.#as(yes, type),
        0x05,
        ...this.#as(no, type),
        0x0b,
      ],
    };
  }

  #condition({ type, code }: Compiled): readonly number[] {
    return type === 'float' ? [...code, 0x43, ...single(0), 0x5c] : code;
  }

  #binary(least: number): Compiled {
    let left = this.#unary();
    for (;;) {
      const operator = this.#peek();
      const power = powers[operator] ?? -1;
      if (power <= least) return left;
      this.#at++;
      left = this.#joined(operator, left, this.#binary(power));
    }
  }

  #joined(operator: string, a: Compiled, b: Compiled): Compiled {
    const isShift = operator === '<<' || operator === '>>';
    const type = isShift ? a.type : common(a.type, b.type);
    const code = codes[operator]?.[type];
    if (!code) throw unsaid(`${operator} of ${type}`, 'nothing of that name or type');
    const both = [...this.#as(a, type), ...this.#as(b, isShift && type !== 'long' ? b.type : type), ...code];
    const sum = operator === '+' && type === 'int' ? sumOf(a, b) : undefined;
    return { type: comparisons.has(operator) ? 'int' : type, code: both, sum };
  }

  #unary(): Compiled {
    if (this.#take('-')) {
      const { type, code } = this.#unary();
      if (type === 'float') return { type, code: [...code, 0x8c] };
      return { type, code: [0x41, 0, ...code, 0x6b] };
    }
    if (this.#take('(')) {
      const cast = typeNames[this.#peek()];
      if (cast && this.#peek(1) === ')') {
        this.#at += 2;
        return { type: cast, code: this.#as(this.#unary(), cast) };
      }
      const inner = this.#expression();
      this.#need(')');
      return inner;
    }
    const token = this.#next();
    if (token === 'INFINITY') return { type: 'float', code: [0x43, ...single(Number.POSITIVE_INFINITY)] };
    if (token === 'NAN') return { type: 'float', code: [0x43, ...single(Number.NaN)] };
    if (/^[\d.]/.test(token)) return literal(token);
    if (this.#peek() === '(') return this.#call(token);
    if (this.#take('[')) {
      const { element, index, at } = this.#place(token);
      this.#need(']');
      const load = { float: [0x2a, 2], int: [0x28, 2], byte: [0x2c, 0] }[element];
      return { type: element === 'float' ? 'float' : 'int', code: [...index, ...load, ...at] };
    }
    const { type, read } = this.#found(token);
    return { type, code: read };
  }

  /** The element of an array at the index that follows: a distance in bytes, and the offset of loads and stores. */
  #place(name: string) {
    const { address, element } = this.#arrays[name] as Arrays[string];
    const index = this.#expression();
    const { code, plus } = index.sum ?? { code: this.#as(index, 'int'), plus: 0 };
    const shift = element === 'byte' ? 0 : 2;
    return {
      element,
      index: shift === 0 || isZero(code) ? code : [...code, 0x41, shift, 0x74],
      at: unsigned(address + plus * 2 ** shift),
    };
  }

  #call(name: string): Compiled {
    this.#need('(');
    if (name === 'load4' || name === 'store4') {
      const array = this.#next();
      this.#need(',');
      const { index, at } = this.#place(array);
      const value = this.#take(',') ? this.#as(this.#expression(), 'lanes') : [];
      this.#need(')');
      return {
        type: 'lanes',
        code: [...index, ...value, 0xfd, name === 'load4' ? 0 : 11, 2, ...at],
      };
    }
    const args: Compiled[] = [];
    while (!this.#take(')')) {
      args.push(this.#expression());
      this.#take(',');
    }
    const [first] = args;
    if (name === 'lane')
      return {
        type: 'float',
        code: [...(first as Compiled).code, 0xfd, 0x1f, Number((args[1] as Compiled).code[1])],
      };
    if (name === 'larger') {
      const type = common((args[0] as Compiled).type, (args[1] as Compiled).type);
      const code = type === 'lanes' ? [0xfd, 0xe9, 1] : [0x97];
      return { type, code: [...args.flatMap((arg) => this.#as(arg, type)), ...code] };
    }
    const plain = instructions[name];
    if (plain) return { type: plain.type, code: [...this.#as(first as Compiled, plain.of), ...plain.code] };
    const found = this.#signatures.get(name);
    if (!found) throw unsaid(`function ${name}`, 'nothing of that name or type');
    const values = args.flatMap((arg, k) => [...this.#as(arg, found.parameters[k] as Type)]);
    return { type: found.result ?? 'int', code: [...values, 0x10, ...unsigned(found.index)] };
  }

  #as({ type, code }: Compiled, to: Type): readonly number[] {
    if (type === to || types[type] === types[to]) return code;
    const conversion = conversions[`${type} ${to}`];
    if (!conversion) throw unsaid(`${to} of ${type}`, 'nothing of that name or type');
    return [...code, ...conversion];
  }
}
