import type { Program } from '@funhash/formula';
import { Code, type Local } from '../assembler/code.ts';
import { type FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';
import { Dependence } from './dependence.ts';
import { Lowering, type Surroundings } from './lowering.ts';
import { real } from './reals.ts';

/** Elements that one pass of the inner loop computes. */
export const strip = 8;

/** How an operand is read along the inner axis: element after element, or the same element. */
export type Reading = 'each' | 'same';

/**
 * The function run(rows, cols, block): a program over rows × cols elements. `block` is the address of the operands:
 * address and row stride (bytes) of each input, then of each output, then the scalars as f32.
 *
 * The inner loop takes eight elements at a time and the last few one by one, so that nothing outside is touched.
 * What no element changes is computed before it.
 */
export function elementwiseModule(
  program: Program,
  readings: readonly Reading[],
  instructions: Instructions,
): ModuleBuilder {
  const module = new ModuleBuilder();
  const made = module.function('run', ['i32', 'i32', 'i32']);
  const [rows, cols, block] = made.arguments as [Local, Local, Local];
  const left = made.local('i32');
  const inputs = readings.map((_, slot) => pointer(made, block, slot));
  const outputs = program.outputs.map((_, k) => pointer(made, block, readings.length + k));
  const scalarsAt = (readings.length + program.outputs.length) * 8;
  const dependence = new Dependence(program, {
    lanes: 'col',
    unroll: 1,
    input: (slot) => ({ lane: readings[slot] === 'each' ? 2 : 0, step: 1 }),
  });
  const [head, outer, full, single] = [new Code(), new Code(), new Code(), new Code()];

  const surroundings = (halves: number): Surroundings => ({
    siteOf: ({ lane, step }) => (lane > 0 ? 2 : step > 0 ? 1 : 0),
    input: (slot, _, half, code) => {
      const { at } = inputs[slot] as Pointer;
      const local = made.local('v128');
      const each = readings[slot] === 'each';
      code.get(at);
      if (!each) code.memory('v128.load32_splat');
      else if (halves === 0) code.memory('v128.load32_zero');
      else code.memory('v128.load', 16 * half);
      code.set(local);
      return local;
    },
    pushScalar: (slot, code) => void code.get(block).memory('f32.load', scalarsAt + 4 * slot),
    pushCoordinate: refuse,
    coordinates: refuse,
    pushUniform: refuse,
    storedBase: refuse,
  });
  const shared = { program, dependence, made, instructions, unroll: 1 };
  const wide = new Lowering({
    ...shared,
    surroundings: surroundings(2),
    sites: [head, outer, full],
    halves: 2,
  });
  const narrow = new Lowering(
    { ...shared, surroundings: surroundings(0), sites: [head, outer, single], halves: 1 },
    wide,
  );
  const moving = [...inputs.filter((_, slot) => readings[slot] === 'each'), ...outputs];
  const body = (lowering: Lowering, code: Code, elements: number): void => {
    const values = program.outputs.map((id) =>
      Array.from({ length: lowering.halves }, (_, half) => real(lowering, id, 0, half)),
    );
    values.forEach((halves, k) => {
      const { at } = outputs[k] as Pointer;
      halves.forEach((value, half) => {
        code.get(at, value);
        if (elements === 1) code.memoryLane('v128.store32_lane', 0);
        else code.memory('v128.store', 16 * half);
      });
    });
    for (const { at } of moving) code.increase(at, elements * 4);
    code.increase(left, -elements);
  };
  body(wide, full, strip);
  body(narrow, single, 1);

  const { code } = made;
  code.append(head);
  for (const { row, at } of [...inputs, ...outputs]) code.get(row).set(at);
  code.repeat(rows, () => {
    for (const { row, at } of [...inputs, ...outputs]) code.get(row).set(at);
    code.append(outer).get(cols).set(left);
    code.while(
      () => code.atLeast(left, strip),
      () => code.append(full),
    );
    code.while(
      () => code.get(left),
      () => code.append(single),
    );
    for (const { row, stride } of [...inputs, ...outputs]) code.advance(row, stride);
  });
  return module;
}

interface Pointer {
  readonly row: Local;
  readonly at: Local;
  readonly stride: Local;
}

function pointer(made: FunctionBuilder, block: Local, place: number): Pointer {
  const [row, at, stride] = made.locals('i32', 3) as [Local, Local, Local];
  made.code
    .get(block)
    .memory('i32.load', place * 8)
    .set(row);
  made.code
    .get(block)
    .memory('i32.load', place * 8 + 4)
    .set(stride);
  return { row, at, stride };
}

function refuse(): never {
  throw new Error('a pointwise program has no rows, columns, uniforms or stored values');
}
