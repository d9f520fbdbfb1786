import { ImportError } from '../import-error.ts';

/** A name that a pickle imports: nothing is ever called by it. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a pickle would have made by calling a global: the global and what it was called with. */
export class Made {
  readonly global: Global;
  readonly given: readonly unknown[];
  constructor(global: Global, given: readonly unknown[]) {
    this.global = global;
    this.given = given;
  }
}

/** What a pickle refers to outside of itself: a storage of numbers. */
export class Outside {
  readonly id: unknown;
  constructor(id: unknown) {
    this.id = id;
  }
}

/** Globals that a state_dict needs; all others are refused. */
const isAllowed = (name: string): boolean =>
  name === 'collections.OrderedDict' ||
  /^torch\.\w{1,20}Storage$/.test(name) ||
  ['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter'].includes(name);

const mark = Symbol('mark');

/**
 * The value of a pickle, by a machine that knows dictionaries, lists, tuples, texts, numbers and the few globals of a
 * state_dict, and runs nothing. Dictionaries are maps, calls are `Made`.
 *
 * @throws ImportError for all else
 */
export function unpickle(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;
  const refuse = (expected: string, actual: string, remedy = 'The file is damaged.'): never => {
    throw new ImportError({ operation: 'importStateDict', expected, actual, remedy, byteOffset: at });
  };
  const take = (length: number): number => {
    if (length < 0 || length > bytes.length - at) refuse(`${length} bytes more`, `${bytes.length - at}`);
    at += length;
    return at - length;
  };
  const pop = (): unknown => (stack.length > 0 ? stack.pop() : refuse('a value', 'an empty stack'));
  const text = (length: number): string => {
    const start = take(length);
    try {
      return utf8.decode(bytes.slice(start, start + length));
    } catch {
      return refuse('text in UTF-8', 'an invalid byte sequence');
    }
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0 || end - at > 1000) refuse('a line', 'none that ends');
    const result = text(end - at);
    at++;
    return result;
  };
  const toMark = (): unknown[] => {
    const from = stack.lastIndexOf(mark);
    if (from < 0) return refuse('a mark', 'none');
    const values = stack.splice(from + 1);
    stack.pop();
    return values;
  };
  const top = (): unknown => stack.at(-1);
  const setAll = (values: readonly unknown[]): void => {
    const map = top();
    const target = map instanceof Map ? map : refuse('a dictionary', 'another value');
    for (let k = 0; k + 1 < values.length; k += 2) target.set(values[k], values[k + 1]);
  };
  const appendAll = (values: readonly unknown[]): void => {
    const list = top();
    if (Array.isArray(list)) for (const value of values) list.push(value);
    else refuse('a list', 'another value');
  };
  const called = (global: unknown, given: unknown): unknown => {
    if (!(global instanceof Global) || !Array.isArray(given))
      return refuse('a call of a known name', 'another one');
    return global.name === 'collections.OrderedDict' ? new Map() : new Made(global, given);
  };
  const globalOf = (module: unknown, name: unknown): Global => {
    const full = typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : 'no name';
    if (!isAllowed(full))
      refuse(
        'a state_dict of tensors',
        full.slice(0, 100),
        'The file holds more than weights, such as a whole model. Save model.state_dict(), with torch.save or as safetensors.',
      );
    return new Global(full);
  };
  for (;;) {
    const op = bytes[take(1)] as number;
    switch (String.fromCharCode(op)) {
      case '\x80':
        take(1);
        break;
      case '\x95':
        take(8);
        break;
      case '}':
        stack.push(new Map());
        break;
      case ']':
        stack.push([]);
        break;
      case ')':
        stack.push([]);
        break;
      case '(':
        stack.push(mark);
        break;
      case 'N':
        stack.push(null);
        break;
      case '\x88':
        stack.push(true);
        break;
      case '\x89':
        stack.push(false);
        break;
      case 'K':
        stack.push(bytes[take(1)]);
        break;
      case 'M':
        stack.push(view.getUint16(take(2), true));
        break;
      case 'J':
        stack.push(view.getInt32(take(4), true));
        break;
      case '\x8a': {
        const length = bytes[take(1)] as number;
        if (length > 8) refuse('a whole number of at most 8 bytes', `${length}`);
        const start = take(length);
        let value = 0;
        for (let k = 0; k < length; k++) value += (bytes[start + k] as number) * 2 ** (8 * k);
        if (length > 0 && (bytes[start + length - 1] as number) > 127) value -= 2 ** (8 * length);
        stack.push(value);
        break;
      }
      case 'G':
        stack.push(view.getFloat64(take(8), false));
        break;
      case 'X':
        stack.push(text(view.getUint32(take(4), true)));
        break;
      case '\x8c':
        stack.push(text(bytes[take(1)] as number));
        break;
      case 'q':
        memo.set(bytes[take(1)] as number, top());
        break;
      case 'r':
        memo.set(view.getUint32(take(4), true), top());
        break;
      case '\x94':
        memo.set(memo.size, top());
        break;
      case 'h':
      case 'j': {
        const place = op === 0x68 ? (bytes[take(1)] as number) : view.getUint32(take(4), true);
        if (!memo.has(place)) refuse('a value that was kept', `none at ${place}`);
        stack.push(memo.get(place));
        break;
      }
      case 'c':
        stack.push(globalOf(line(), line()));
        break;
      case '\x93': {
        const name = pop();
        stack.push(globalOf(pop(), name));
        break;
      }
      case 'Q':
        stack.push(new Outside(pop()));
        break;
      case 't':
        stack.push(toMark());
        break;
      case '\x85':
        stack.push([pop()]);
        break;
      case '\x86':
      case '\x87': {
        const values = Array.from({ length: op - 0x84 }, pop);
        stack.push(values.reverse());
        break;
      }
      case 'R': {
        const given = pop();
        stack.push(called(pop(), given));
        break;
      }
      case 's': {
        const value = pop();
        setAll([pop(), value]);
        break;
      }
      case 'u': {
        setAll(toMark());
        break;
      }
      case 'a': {
        appendAll([pop()]);
        break;
      }
      case 'e': {
        appendAll(toMark());
        break;
      }
      case 'b':
        // What a dictionary is told of itself, such as its metadata.
        pop();
        break;
      case '0':
        pop();
        break;
      case '.':
        return pop();
      default:
        refuse(
          'a pickle of tensors',
          `an instruction ${op}`,
          'Save model.state_dict() with torch.save of PyTorch 1.6 or later, or as safetensors.',
        );
    }
  }
}
