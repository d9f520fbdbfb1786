import { ByteBuffer } from '../assembler/byte-buffer.ts';
import type { Signature } from '../assembler/module-builder.ts';
import type { LinkedFunction } from '../threads/threads.ts';

/** A call of a compiled function with its arguments. */
export interface FixedCall {
  readonly callee: LinkedFunction;
  readonly args: readonly number[];
  /** Whether its result says that something is wrong, by 1: the calls behind it are then not made. */
  readonly isCheck: boolean;
}

const i32 = 0x7f;

/**
 * A function that makes calls one after the other: 0, or of the first check that found something wrong its place in the
 * list, counted from 1. No memory is read for it: arguments are part of its code.
 */
export function sequence(calls: readonly FixedCall[]): () => number {
  const { bytes, callees } = sequenceModule(calls);
  const imports = Object.fromEntries(callees.map((call, k) => [String(k), call]));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { f: imports });
  return (exports as { readonly run: () => number }).run;
}

/** The module of `sequence`: it imports what it calls from `f`, by numbers, and exports `run`. */
export function sequenceModule(calls: readonly FixedCall[]): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly callees: readonly LinkedFunction['call'][];
} {
  const callees = [...new Set(calls.map(({ callee }) => callee.call))];
  const signatures = callees.map(
    (call) => calls.find(({ callee }) => callee.call === call)?.callee as Signature,
  );
  return { bytes: encode(calls, callees, signatures), callees };
}

function encode(
  calls: readonly FixedCall[],
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
  out.section(3, 1, (body) => body.unsigned(callees.length));
  out.section(7, 1, (body) => {
    body.text('run');
    body.byte(0);
    body.unsigned(callees.length);
  });
  out.section(10, 1, (body) => {
    const code = bodyOf(calls, callees);
    body.unsigned(code.length);
    body.append(code.bytes);
  });
  return out.bytes.slice();
}

function bodyOf(calls: readonly FixedCall[], callees: readonly LinkedFunction['call'][]): ByteBuffer {
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
