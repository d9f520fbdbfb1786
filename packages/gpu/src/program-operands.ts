import {
  definitionsOf,
  type Language,
  type ProgramText,
  type Reads,
  uniformHalves,
  uniformNames,
  usedSlots,
} from '@funhash/codegen';
import type { Program } from '@funhash/formula';
import type { View, VirtualView } from '@funhash/tensor';
import type { Elements, NativeCode } from './device.ts';
import type { Memory } from './memory.ts';

/** What a kernel is given for a program of a virtual matrix: arguments, their names, and how they are read. */
export interface ProgramOperands {
  readonly args: readonly (Elements | number)[];
  readonly names: readonly string[];
  readonly reads: Reads;
}

export function programOperands(program: Program, v: VirtualView, memory: Memory): ProgramOperands {
  const { stored, uniforms, scalars } = usedSlots(program);
  return {
    args: [
      ...stored.flatMap((slot) => memory.argumentsOf(v.stored[slot] as View)),
      ...uniforms.flatMap((slot) => uniformHalves(v.uniforms[slot] as number)),
      ...scalars.map((slot) => v.scalars[slot] as number),
    ],
    names: [
      ...stored.flatMap((slot) => [`stored${slot}`, `from${slot}`]),
      ...uniforms.flatMap(uniformNames),
      ...scalars.map((slot) => `scalar${slot}`),
    ],
    reads: {
      stored: (slot, index) => `stored${slot}[from${slot} + ${index}]`,
      uniform: uniformNames,
      scalar: (slot) => `scalar${slot}`,
    },
  };
}

/** The native part of a kernel that evaluates one program. */
export function nativeCode(text: ProgramText, language: Language): NativeCode {
  return { text: definitionsOf(text, language), callable: text.callable };
}

const ids = new Map<string, number>();
const idOf = new WeakMap<Program, number>();

/** A number that programs of equal structure share: their keys are long. */
export function programId(program: Program): number {
  let id = idOf.get(program);
  if (id === undefined) {
    id = ids.get(program.key) ?? ids.size;
    ids.set(program.key, id);
    idOf.set(program, id);
  }
  return id;
}
