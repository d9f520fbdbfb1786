import type { Program, Slots } from '@funhash/formula';
import { Code, type Local } from '../assembler/code.ts';
import { type FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';
import { Dependence, stripLanes } from './dependence.ts';
import { Lowering, type Surroundings } from './lowering.ts';
import { real } from './reals.ts';
import { SinkWriter } from './sinks.ts';
import { words } from './words.ts';

/** The loops that run over a virtual matrix. */
export interface PanelForm {
  /** The coordinate along the lanes of a strip; the other one goes in steps. */
  readonly lanes: 'row' | 'col';
  /** Steps in one pass of the inner loop. */
  readonly unroll: number;
  /** The steps take their coordinates from a list instead of counting. */
  readonly listed: boolean;
  /** The operand has one value for each step instead of one for each entry, side by side. */
  readonly inputByStep?: boolean;
}

/** Places of the operands in the block that a panel function gets, in words of four bytes. */
const panelOperands = {
  input: 0,
  inputStrip: 1,
  inputStep: 2,
  output: 3,
  outputStrip: 4,
  outputStep: 5,
  list: 6,
  /** Addresses of the stored arrays, then of the arrays that sinks add to, then uniforms, then scalars (f32). */
  first: 7,
} as const;

/** Words of the block before what word outputs report. */
export function operandWords({ stored, uniforms, scalars }: Slots): number {
  return panelOperands.first + 2 * stored + uniforms + scalars;
}

/**
 * The function run(strips, firstLane, lastLane, firstStep, blocks, operands): evaluates a formula over a panel of
 * 8·strips × unroll·blocks entries. Decoded entries, where the program has an output, go to output + strip·outputStrip
 * + step·outputStep, eight lanes side by side; an operand of each entry is read likewise; sinks add to their arrays.
 *
 * An output that is a word is not stored; instead its largest values are reported behind the operands, in four lanes.
 *
 * Lanes behind `lastLane` repeat it: what they decode is not used, and the operand must be 0 there.
 */
export function panelModule(program: Program, form: PanelForm, instructions: Instructions): ModuleBuilder {
  const module = new ModuleBuilder();
  const made = module.function('run', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [strips, lane, lastLane, firstStep, blocks, operands] = made.arguments;
  const { code } = made;
  const [step, left] = made.locals('i32', 2);
  const sites = [new Code(), new Code(), new Code()] as const;
  const [head, strip, body] = sites;
  const ends = { strip: new Code(), call: new Code() };
  const { slots } = program;
  const load = (word: number): Local => {
    const local = made.local('i32');
    code
      .get(operands)
      .memory('i32.load', word * 4)
      .set(local);
    return local;
  };
  const bases = Array.from({ length: slots.stored }, (_, slot) => load(panelOperands.first + slot));
  const sinkBases = bases.map((_, slot) => load(panelOperands.first + slots.stored + slot));
  const uniformsAt = panelOperands.first + 2 * slots.stored;
  const stream = (at: number, stepBytes?: number): Stream =>
    new Stream(made, [load(at), load(at + 1), load(at + 2)], form.unroll, stepBytes);
  const input = stream(panelOperands.input, form.inputByStep ? 4 : undefined);
  const output = stream(panelOperands.output);
  const list = load(panelOperands.list);
  const listAt = made.local('i32');

  const known: Local[] = [];
  // The operand of four steps: one load, where a load for each step would wait for its turn.
  const fourSteps = (four: number): Local => {
    if (known[four] === undefined) {
      known[four] = made.local('v128');
      const offset = input.push(4 * four, body);
      body.memory('v128.load', offset).set(known[four]);
    }
    return known[four];
  };

  const surroundings: Surroundings = {
    siteOf: (degrees) => (degrees.step > 0 ? 2 : degrees.lane > 0 ? 1 : 0),
    pushCoordinate: (op, at, to) => {
      if (op === form.lanes) to.get(lane);
      else if (form.listed) to.get(listAt).memory('i32.load', 4 * at);
      else to.get(step).i32(at).op('i32.add');
    },
    coordinates: (half) => coordinates[half] as Local,
    input: (_, at, half, to) => {
      const local = made.local('v128');
      if (form.inputByStep && form.unroll % 4 === 0) {
        const four = fourSteps(at >> 2);
        const lane = at & 3;
        to.get(four, four).shuffle(lane, lane, lane, lane);
      } else {
        const offset = input.push(at, to);
        if (form.inputByStep) to.memory('v128.load32_splat', offset);
        else to.memory('v128.load', offset + 16 * half);
      }
      to.set(local);
      return local;
    },
    pushUniform: (slot, to) => void to.get(operands).memory('i32.load', (uniformsAt + slot) * 4),
    pushScalar: (slot, to) =>
      void to.get(operands).memory('f32.load', (uniformsAt + slots.uniforms + slot) * 4),
    storedBase: (slot) => bases[slot] as Local,
  };
  const dependence = new Dependence(program, {
    lanes: form.lanes,
    unroll: form.listed ? Number.POSITIVE_INFINITY : form.unroll,
    input: () => ({ lane: form.inputByStep ? 0 : 2, step: 2 }),
  });
  const lowering = new Lowering({
    program,
    dependence,
    surroundings,
    made,
    instructions,
    sites,
    halves: 2,
    unroll: form.unroll,
  });
  const v = lowering.vectorAt(1);
  const [first, last] = [v.splat(lane), lowering.vectorAt(0).splat(lastLane)];
  const coordinates = [0, 4].map((from) =>
    v.op('i32x4.min_u', v.op('i32x4.add', first, v.count(from)), last),
  );

  const sinks = program.sinks.map(
    (sink) => new SinkWriter(lowering, sink, sinkBases[sink.slot] as Local, ends),
  );
  const isWord = (id: number): boolean => lowering.node(id).type === 'word';
  const entries = program.outputs.filter((id) => !isWord(id));
  const reported = program.outputs.filter(isWord);
  const largest = made.locals('v128', reported.length);
  largest.forEach((local, k) => {
    head.v128(new Int32Array(4)).set(local);
    ends.call.get(operands, local).memory('v128.store', (operandWords(slots) + 4 * k) * 4);
  });
  const steps = Array.from({ length: form.unroll }, (_, at) => at);
  for (const at of steps) {
    for (const id of entries)
      for (const half of [0, 1]) {
        const entry = real(lowering, id, at, half);
        const offset = output.push(at, body);
        body.get(entry).memory('v128.store', offset + 16 * half);
      }
    reported.forEach((id, k) => {
      for (const half of [0, 1]) {
        const value = words(lowering, id, at, half);
        body
          .get(value, largest[k] as Local)
          .op('i32x4.max_u')
          .set(largest[k] as Local);
      }
    });
    for (const sink of sinks) sink.take(at);
  }
  for (const at of steps) for (const sink of sinks) sink.store(at);
  for (const sink of sinks) sink.finish();

  const streams = [
    ...(program.nodes.some(({ op }) => op === 'input') ? [input] : []),
    ...(entries.length > 0 ? [output] : []),
  ];
  for (const used of streams) used.startCall(head);
  code.append(head);
  code.repeat(strips, () => {
    code.append(strip).get(firstStep).set(step).get(list).set(listAt).get(blocks).set(left);
    for (const used of streams) used.startStrip(code);
    code.repeat(left, () => {
      code.append(body);
      if (form.listed) code.increase(listAt, 4 * form.unroll);
      else code.increase(step, form.unroll);
      for (const used of streams) used.nextBlock(code);
    });
    code.append(ends.strip);
    for (const used of streams) used.nextStrip(code);
    code.increase(lane, stripLanes);
  });
  code.append(ends.call);
  return module;
}

/** An operand or result of every entry or every step: its address moves from step to step and from strip to strip. */
class Stream {
  readonly #made: FunctionBuilder;
  readonly #strip: Local;
  readonly #at: Local;
  readonly #stripStride: Local;
  readonly #stepStride: Local;
  readonly #blockStride: Local;
  readonly #unroll: number;
  /** Bytes from step to step where they are known. */
  readonly #stepBytes: number | undefined;
  readonly #addresses: Local[];

  constructor(
    made: FunctionBuilder,
    [start, stripStride, stepStride]: readonly [Local, Local, Local],
    unroll: number,
    stepBytes: number | undefined,
  ) {
    this.#made = made;
    this.#strip = start;
    this.#stripStride = stripStride;
    this.#stepStride = stepStride;
    this.#unroll = unroll;
    this.#stepBytes = stepBytes;
    this.#at = made.local('i32');
    this.#blockStride = made.local('i32');
    this.#addresses = [this.#at];
  }

  /** Pushes the address at a step of the block, less the offset that is given back. */
  push(step: number, code: Code): number {
    if (this.#stepBytes !== undefined) {
      code.get(this.#at);
      return step * this.#stepBytes;
    }
    for (let known = this.#addresses.length; known <= step; known++) {
      const next = this.#made.local('i32');
      code
        .get(this.#addresses[known - 1] as Local, this.#stepStride)
        .op('i32.add')
        .set(next);
      this.#addresses.push(next);
    }
    code.get(this.#addresses[step] as Local);
    return 0;
  }

  startCall(code: Code): void {
    code.get(this.#stepStride).i32(this.#unroll).op('i32.mul').set(this.#blockStride);
  }

  startStrip(code: Code): void {
    code.get(this.#strip).set(this.#at);
  }

  nextBlock(code: Code): void {
    if (this.#stepBytes === undefined) code.advance(this.#at, this.#blockStride);
    else code.increase(this.#at, this.#unroll * this.#stepBytes);
  }

  nextStrip(code: Code): void {
    code.advance(this.#strip, this.#stripStride);
  }
}
