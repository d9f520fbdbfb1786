import type { Program } from '@funhash/formula';
import type { View, VirtualMatrix } from '@funhash/tensor';
import { Dependence, stripLanes } from '../compiler/dependence.ts';
import { largestWords } from '../compiler/largest.ts';
import { type PanelForm, panelModule, panelOperands } from '../compiler/panel.ts';
import type { Context } from '../context.ts';
import { addressOf } from '../layout.ts';
import { OperandBlock } from './operand-block.ts';

/** Eight lanes of each step of each strip, in memory. */
export interface PanelStream {
  readonly address: number;
  readonly stripBytes: number;
  readonly stepBytes: number;
}

/** A rectangle of a virtual matrix: lanes × steps. */
export interface PanelCall {
  /** A multiple of eight. */
  readonly firstLane: number;
  readonly lanes: number;
  /** A multiple of eight, unless the steps are listed. */
  readonly firstStep: number;
  readonly steps: number;
  readonly input?: PanelStream;
  readonly output?: PanelStream;
  /** The address of the coordinates of the steps. */
  readonly list?: number;
}

type Run = (
  strips: number,
  firstLane: number,
  lastLane: number,
  firstStep: number,
  blocks: number,
  operands: number,
) => void;

const nowhere: PanelStream = { address: 0, stripBytes: 0, stepBytes: 0 };

/** Compiled formulas over panels of virtual matrices; one module for each structure of formula and form of loops. */
export class Panels {
  readonly #context: Context;
  readonly #operands: OperandBlock;
  readonly #byProgram = new WeakMap<Program, Map<string, Run>>();
  readonly #byStructure = new Map<string, Run>();
  readonly #safe = new WeakMap<Program, string>();
  readonly #foldLanes = new WeakMap<Program, 'row' | 'col'>();

  constructor(context: Context) {
    this.#context = context;
    this.#operands = new OperandBlock(context.memory);
  }

  /** True where every index of the formula is known to lie within the stored arrays. */
  inBounds(program: Program, v: VirtualMatrix): boolean {
    const lengths = v.stored.map(({ shape }) => shape.reduce((size, extent) => size * extent, 1));
    const key = [v.rows, v.cols, ...v.uniforms, ...lengths].join();
    if (this.#safe.get(program) === key) return true;
    const indices = [
      ...program.nodes.flatMap((node) =>
        node.op === 'at' ? [{ slot: node.value, index: node.args[0] as number }] : [],
      ),
      ...program.sinks,
    ];
    const largest = largestWords(
      program,
      indices.map(({ index }) => index),
      v,
    );
    const safe = indices.every(({ slot }, k) => (largest[k] as number) < (lengths[slot] ?? 0));
    if (safe) this.#safe.set(program, key);
    return safe;
  }

  /** The coordinate along which more sinks of an adjoint are runs. */
  foldLanes(adjoint: Program): 'row' | 'col' {
    const known = this.#foldLanes.get(adjoint);
    if (known) return known;
    const runs = (lanes: 'row' | 'col'): number => {
      const dependence = new Dependence(adjoint, {
        lanes,
        unroll: stripLanes,
        input: () => ({ lane: 2, step: 2 }),
      });
      return adjoint.sinks.filter(({ index }) => dependence.laneStride(index) === 1).length;
    };
    const lanes = runs('row') > runs('col') ? 'row' : 'col';
    this.#foldLanes.set(adjoint, lanes);
    return lanes;
  }

  /** Evaluates `program` over a rectangle; sinks add to `sinks`, by slot. */
  run(
    program: Program,
    v: VirtualMatrix,
    form: Omit<PanelForm, 'unroll'>,
    call: PanelCall,
    sinks: readonly View[] = [],
  ): void {
    const unroll = unrollOf(program);
    const whole = Math.floor(call.steps / unroll);
    if (whole > 0) this.#run(program, v, { ...form, unroll }, call, whole, sinks);
    const done = whole * unroll;
    if (done === call.steps) return;
    const rest: PanelCall = {
      ...call,
      firstStep: call.firstStep + done,
      ...(call.input && { input: after(call.input, done) }),
      ...(call.output && { output: after(call.output, done) }),
      ...(call.list !== undefined && { list: call.list + done * 4 }),
    };
    this.#run(program, v, { ...form, unroll: 1 }, rest, call.steps - done, sinks);
  }

  #run(
    program: Program,
    v: VirtualMatrix,
    form: PanelForm,
    { firstLane, lanes, firstStep, input = nowhere, output = nowhere, list = 0 }: PanelCall,
    blocks: number,
    sinks: readonly View[],
  ): void {
    const run = this.#find(program, form);
    const { slots } = program;
    const words = panelOperands.first + 2 * slots.stored + slots.uniforms + slots.scalars;
    const block = this.#operands.reserve(words * 4);
    const { i32, f32 } = this.#context.memory;
    let at = block / 4;
    for (const { address, stripBytes, stepBytes } of [input, output]) {
      i32[at++] = address;
      i32[at++] = stripBytes;
      i32[at++] = stepBytes;
    }
    i32[at++] = list;
    for (let slot = 0; slot < slots.stored; slot++) {
      const sink = sinks[slot];
      i32[at + slot] = addressOf(v.stored[slot] as View);
      i32[at + slots.stored + slot] = sink ? addressOf(sink) : 0;
    }
    at += 2 * slots.stored;
    for (let slot = 0; slot < slots.uniforms; slot++) i32[at++] = v.uniforms[slot] as number;
    for (let slot = 0; slot < slots.scalars; slot++) f32[at++] = v.scalars[slot] as number;
    const extent = form.lanes === 'row' ? v.rows : v.cols;
    run(Math.ceil(lanes / stripLanes), firstLane, extent - 1, firstStep, blocks, block);
  }

  #find(program: Program, form: PanelForm): Run {
    const name = `${form.lanes}${form.unroll}${form.listed}`;
    let runs = this.#byProgram.get(program);
    if (!runs) {
      runs = new Map();
      this.#byProgram.set(program, runs);
    }
    const known = runs.get(name);
    if (known) return known;
    const key = `${name}|${program.key}`;
    let run = this.#byStructure.get(key);
    if (!run) {
      const { memory, instructions } = this.#context;
      run = panelModule(program, form, instructions).instantiate<'run'>(memory.memory).run as Run;
      this.#byStructure.set(key, run);
    }
    runs.set(name, run);
    return run;
  }
}

function after(stream: PanelStream, steps: number): PanelStream {
  return { ...stream, address: stream.address + steps * stream.stepBytes };
}

/** Steps in a block: eight, or fewer where a formula has so many values that they would not stay in registers. */
function unrollOf(program: Program): number {
  const gathers = program.nodes.filter(({ op }) => op === 'at').length;
  return gathers > 2 ? 4 : 8;
}
