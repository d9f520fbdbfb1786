import { expanded, type Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { Code, type Local } from '../assembler/code.ts';
import { type FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';
import { Dependence } from './dependence.ts';
import { Lowering, type Surroundings } from './lowering.ts';
import { real } from './reals.ts';

/** Elements that one pass of the inner loop computes. */
export const strip = 8;

/** Bytes of an operand in the block: its address and steps. */
export const operandBytes = 12;

/** How an operand is read along the inner axis: element after element, or the same element. */
export type Reading = 'each' | 'same';

/**
 * The function run(planes, rows, cols, block): a program over planes × rows × cols elements. `block` is the address of
 * the operands: address, row step and plane step (bytes) of each input, then of each output, then the scalars as f32.
 *
 * The inner loop takes eight elements at a time and the last few one by one, so that nothing outside is touched.
 * What no element changes is computed before it.
 *
 * @param narrow for rows of at least four elements that are short: behind the last eight four are taken at once, and
 * the last four, of which some may be done already, once more; no output may then be an input
 */
export function elementwiseModule(
  given: Program,
  readings: readonly Reading[],
  instructions: Instructions,
  narrow: boolean,
): ModuleBuilder {
  const program = expanded(given);
  const module = new ModuleBuilder();
  const made = module.function('run', ['i32', 'i32', 'i32', 'i32']);
  const [planes, rows, cols, block] = made.arguments;
  const [row, left] = made.locals('i32', 2);
  const inputs = readings.map((_, slot) => pointer(made, block, slot));
  const outputs = program.outputs.map((_, k) => pointer(made, block, readings.length + k));
  const scalarsAt = (readings.length + program.outputs.length) * operandBytes;
  const dependence = new Dependence(program, {
    lanes: 'col',
    unroll: 1,
    input: (slot) => ({ lane: readings[slot] === 'each' ? 2 : 0, step: 1 }),
  });
  const [head, outer, full, half, single] = [new Code(), new Code(), new Code(), new Code(), new Code()];

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
  const lowering = (halves: number, code: Code): Lowering =>
    new Lowering(
      { ...shared, surroundings: surroundings(halves), sites: [head, outer, code], halves: 1 },
      wide,
    );
  const moving = [...inputs.filter((_, slot) => readings[slot] === 'each'), ...outputs];
  const backBytes = made.local('i32');
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
  if (narrow) body(lowering(1, half), half, strip / 2);
  else body(lowering(0, single), single, 1);

  const { code } = made;
  code.append(head);
  const pointers = [...inputs, ...outputs];
  for (const { plane, at } of pointers) code.get(plane).set(at);
  code.repeat(planes, () => {
    for (const pointer of pointers) code.get(pointer.plane).set(pointer.row);
    code.get(rows).set(row);
    code.repeat(row, () => {
      for (const pointer of pointers) code.get(pointer.row).set(pointer.at);
      code.append(outer).get(cols).set(left);
      code.while(
        () => code.atLeast(left, strip),
        () => code.append(full),
      );
      if (narrow) {
        code.atLeast(left, strip / 2).if(() => code.append(half));
        code.get(left).if(() => {
          code
            .i32(strip / 2)
            .get(left)
            .op('i32.sub')
            .i32(2)
            .op('i32.shl')
            .set(backBytes);
          for (const { at } of moving) code.get(at, backBytes).op('i32.sub').set(at);
          code.append(half);
        });
      } else
        code.while(
          () => code.get(left),
          () => code.append(single),
        );
      for (const pointer of pointers) code.advance(pointer.row, pointer.rowStep);
    });
    for (const pointer of pointers) code.advance(pointer.plane, pointer.planeStep);
  });
  return module;
}

interface Pointer {
  readonly plane: Local;
  readonly planeStep: Local;
  readonly row: Local;
  readonly rowStep: Local;
  readonly at: Local;
}

function pointer(made: FunctionBuilder, block: Local, place: number): Pointer {
  const [plane, rowStep, planeStep, row, at] = made.locals('i32', 5);
  [plane, rowStep, planeStep].forEach((local, k) => {
    made.code
      .get(block)
      .memory('i32.load', place * operandBytes + 4 * k)
      .set(local);
  });
  return { plane, planeStep, row, rowStep, at };
}

function refuse(): never {
  throw new ArgumentError({
    operation: 'map',
    expected: 'a pointwise program',
    actual: 'one with rows, columns, uniforms or stored values',
  });
}
