import { ByteBuffer } from '../assembler/byte-buffer.ts';
import type { Signature } from '../assembler/module-builder.ts';
import type { FixedCall, LinkedFunction } from '../threads/thread.ts';

/** A call of a sequence. */
export interface SequenceCall extends FixedCall {
  /** Whether its result says that something is wrong, by 1: the calls behind it are then not made. */
  readonly isCheck?: boolean;
}

const i32 = 0x7f;

/**
 * Functions, one for each list, that make its calls one after the other: 0, or of the first check that found something wrong its
 * place in the list, counted from 1. No memory is read for it: arguments are part of its code.
 */
export function sequences(lists: readonly (readonly SequenceCall[])[]): (() => number)[] {
  const { bytes, callees } = sequenceModule(lists);
  const imports = Object.fromEntries(callees.map((call, k) => [String(k), call]));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { f: imports });
  return lists.map((_, k) => exports[nameOf(k)] as () => number);
}

const nameOf = (k: number): string => (k === 0 ? 'run' : `run${k}`);

/** The module of `sequences`: it imports what it calls from `f`, by numbers, and exports `run`, `run1` … */
export function sequenceModule(lists: readonly (readonly SequenceCall[])[]): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly callees: readonly LinkedFunction['call'][];
} {
  const known = new Map(lists.flatMap((calls) => calls.map(({ callee }) => [callee.call, callee] as const)));
  return { bytes: encode(lists, [...known.keys()], [...known.values()]), callees: [...known.keys()] };
}

function encode(
  lists: readonly (readonly SequenceCall[])[],
  callees: readonly LinkedFunction['call'][],
  signatures: readonly Signature[],
): Uint8Array<ArrayBuffer> {
  const out = new ByteBuffer();
  out.header();
  out.section(1, callees.length + 1, (body) => {
    for (const { params, results } of [...signatures, { params: 0, results: 1 }]) {
      body.byte(0x60);
      for (const count of [params, results]) {
        body.unsigned(count);
        for (let k = 0; k < count; k++) body.byte(i32);
      }
    }
  });
  out.section(2, callees.length, (body) => {
    for (let k = 0; k < callees.length; k++) {
      body.text('f');
      body.text(String(k));
      body.byte(0);
      body.unsigned(k);
    }
  });
  out.section(3, lists.length, (body) => {
    for (const _ of lists) body.unsigned(callees.length);
  });
  out.section(7, lists.length, (body) => {
    lists.forEach((_, k) => {
      body.text(nameOf(k));
      body.byte(0);
      body.unsigned(callees.length + k);
    });
  });
  out.section(10, lists.length, (body) => {
    for (const calls of lists) {
      const code = bodyOf(calls, callees);
      body.unsigned(code.length);
      body.append(code.bytes);
    }
  });
  return out.bytes.slice();
}

function bodyOf(calls: readonly SequenceCall[], callees: readonly LinkedFunction['call'][]): ByteBuffer {
  const numbers = new Map(callees.map((call, k) => [call, k]));
  const code = new ByteBuffer();
  const constant = (value: number): void => {
    code.byte(0x41);
    code.signed(value);
  };
  code.unsigned(0);
  calls.forEach(({ callee, args, isCheck }, k) => {
    for (let n = 0; n < callee.params; n++) constant(args[n] ?? 0);
    code.byte(0x10);
    code.unsigned(numbers.get(callee.call) as number);
    if (isCheck) {
      code.append(Uint8Array.of(0x04, 0x40));
      constant(k + 1);
      code.append(Uint8Array.of(0x0f, 0x0b));
    } else for (let n = 0; n < callee.results; n++) code.byte(0x1a);
  });
  constant(0);
  code.byte(0x0b);
  return code;
}
