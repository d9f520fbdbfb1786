import { ByteBuffer } from './byte-buffer.ts';
import { Code, type Local } from './code.ts';
import { type ValueType, valueTypes } from './opcodes.ts';

type Tuple<T, N extends number, Found extends T[] = []> = number extends N
  ? T[]
  : Found['length'] extends N
    ? Found
    : Tuple<T, N, [...Found, T]>;

/** The types of several words. */
export function i32s<N extends number>(count: N): Tuple<'i32', N> {
  return new Array(count).fill('i32') as Tuple<'i32', N>;
}

/** A function being written: parameters are its first locals. */
export class FunctionBuilder<P extends readonly ValueType[] = readonly ValueType[]> {
  readonly index: number;
  readonly params: P;
  readonly results: readonly ValueType[];
  readonly code = new Code();
  readonly #locals: ValueType[] = [];

  constructor(index: number, params: P, results: readonly ValueType[]) {
    this.index = index;
    this.params = params;
    this.results = results;
  }

  /** The locals of the parameters. */
  get arguments(): { readonly [K in keyof P]: Local } {
    return this.params.map((_, index) => index as Local) as { readonly [K in keyof P]: Local };
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return (this.params.length + this.#locals.length - 1) as Local;
  }

  /** Several locals of one type. */
  locals<N extends number>(type: ValueType, count: N): Tuple<Local, N> {
    return Array.from({ length: count }, () => this.local(type)) as Tuple<Local, N>;
  }

  writeTo(out: ByteBuffer): void {
    const body = new ByteBuffer();
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    body.unsigned(runs.length);
    for (const { type, count } of runs) {
      body.unsigned(count);
      body.byte(valueTypes[type]);
    }
    body.append(this.code.bytes);
    body.byte(0x0b);
    out.unsigned(body.length);
    out.append(body.bytes);
  }
}

/** Numbers of words that a function takes and gives. */
export interface Signature {
  readonly params: number;
  readonly results: number;
}

/** The exports of an instance of a module written here. */
export type Exports<Name extends string> = Readonly<Record<Name, (...args: number[]) => number>>;

/** A module that imports one memory and exports functions. */
export class ModuleBuilder {
  readonly #functions: FunctionBuilder[] = [];
  readonly #exported: { name: string; index: number }[] = [];

  /** A new function; exported where it has a name. */
  function<const P extends readonly ValueType[]>(
    name: string | undefined,
    params: P,
    results: readonly ValueType[] = [],
  ): FunctionBuilder<P> {
    const made = new FunctionBuilder(this.#functions.length, params, results);
    this.#functions.push(made);
    if (name !== undefined) this.#exported.push({ name, index: made.index });
    return made;
  }

  /** Numbers of words that exported functions take and give. */
  get signatures(): ReadonlyMap<string, Signature> {
    return new Map(
      this.#exported.map(({ name, index }) => {
        const { params, results } = this.#functions[index] as FunctionBuilder;
        return [name, { params: params.length, results: results.length }] as const;
      }),
    );
  }

  /** Numbers of the functions under some names, and of those that they call. */
  #reached(names: ReadonlySet<string>): ReadonlySet<number> {
    const open = this.#exported.flatMap(({ name, index }) => (names.has(name) ? [index] : []));
    const reached = new Set<number>();
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached.has(index)) continue;
      reached.add(index);
      for (const callee of (this.#functions[index] as FunctionBuilder).code.callees) open.push(callee);
    }
    return reached;
  }

  /**
   * @param memory the module is for a memory of its kind, shared by threads or not
   * @param names of functions that are needed; the others are not exported, and what none of these calls has no body. Default: all
   */
  encode(memory?: WebAssembly.Memory, names?: ReadonlySet<string>): Uint8Array<ArrayBuffer> {
    const reached = names && this.#reached(names);
    const exported = this.#exported.filter(({ name }) => !names || names.has(name));
    const out = new ByteBuffer();
    out.header();
    out.section(1, this.#functions.length, (body) => {
      for (const { params, results } of this.#functions) {
        body.byte(0x60);
        for (const types of [params, results]) {
          body.unsigned(types.length);
          for (const type of types) body.byte(valueTypes[type]);
        }
      }
    });
    out.section(2, 1, (body) => {
      body.text('host');
      body.text('memory');
      // At least no pages; a shared memory has a limit too, and 65536 pages is that of any memory.
      body.append(
        memory && isShared(memory) ? Uint8Array.of(2, 3, 0, 0x80, 0x80, 4) : Uint8Array.of(2, 0, 0),
      );
    });
    out.section(3, this.#functions.length, (body) => {
      for (const { index } of this.#functions) body.unsigned(index);
    });
    out.section(7, exported.length, (body) => {
      for (const { name, index } of exported) {
        body.text(name);
        body.byte(0);
        body.unsigned(index);
      }
    });
    out.section(10, this.#functions.length, (body) => {
      for (const made of this.#functions)
        if (!reached || reached.has(made.index)) made.writeTo(body);
        else body.append(withoutBody);
    });
    return out.bytes.slice();
  }

  /** Compiles the module and links it to a memory. */
  instantiate<Name extends string>(memory: WebAssembly.Memory): Exports<Name> {
    const module = new WebAssembly.Module(this.encode(memory));
    const { exports } = new WebAssembly.Instance(module, { host: { memory } });
    return exports as unknown as Exports<Name>;
  }
}

/** A function of three bytes that traps. */
const withoutBody = Uint8Array.of(3, 0, 0x00, 0x0b);

function isShared({ buffer }: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer === 'function' && buffer instanceof SharedArrayBuffer;
}
