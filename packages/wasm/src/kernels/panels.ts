import { expanded, type Node, Program, Real } from '@funhash/formula';
import { sizeOf, type View, type VirtualView } from '@funhash/tensor';
import { Dependence, stripLanes } from '../compiler/dependence.ts';
import { largestWords } from '../compiler/largest.ts';
import { operandWords, type PanelForm, panelModule } from '../compiler/panel.ts';
import type { Context } from '../context.ts';
import { addressOf } from '../layout.ts';
import type { Linked, Thread } from '../threads/thread.ts';

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

/** run(strips, firstLane, lastLane, firstStep, blocks, operands) */
type Run = Linked<'run'>;

/** Gets four lanes of largest values for each output that is a word. */
type Report = (lanes: Uint32Array) => void;

/** Sizes and uniforms that are remembered for one formula. */
const mostChecked = 1000;

const nowhere: PanelStream = { address: 0, stripBytes: 0, stepBytes: 0 };

/** Compiled formulas over panels of virtual matrices; one module for each structure of formula and form of loops. */
export class Panels {
  readonly #context: Context;
  readonly #byProgram = new WeakMap<Program, Map<string, Run>>();
  readonly #byStructure = new Map<string, Run>();
  readonly #checked = new WeakMap<Program, Map<string, boolean>>();
  readonly #rowSums = new WeakMap<Program, Program>();
  readonly #foldLanes = new WeakMap<Program, 'row' | 'col'>();
  readonly #unrolls = new WeakMap<Program, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * True where every index of the formula lies within the stored arrays, and the formula fits into one function.
   * Compiled code reads and adds without a check: bounds are proved from the formula where possible, else all indices
   * of the matrix are computed once.
   */
  inBounds(program: Program, v: VirtualView): boolean {
    const lengths = v.stored.map(({ shape }) => sizeOf(shape));
    const key = `${v.rows},${v.cols},${v.uniforms.join()},${lengths.join()}`;
    let checked = this.#checked.get(program);
    if (!checked || checked.size > mostChecked) {
      checked = new Map();
      this.#checked.set(program, checked);
    }
    const known = checked.get(key);
    if (known !== undefined) return known;
    const check = (): boolean => this.#check(program, v, lengths);
    const inBounds = this.#context.memory.trace?.apart(check) ?? check();
    checked.set(key, inBounds);
    return inBounds;
  }

  #check(program: Program, v: VirtualView, lengths: readonly number[]): boolean {
    if (v.rows === 0 || v.cols === 0) return true;
    if (expanded(program).nodes.length > mostNodes) return false;
    const indices = [
      ...program.nodes
        .filter(({ op }) => op === 'at')
        .map(({ value, args }) => ({ slot: value, index: args[0] as number })),
      ...program.sinks,
    ];
    const ids = indices.map(({ index }) => index);
    const within = (largest: readonly number[], list: typeof indices): typeof indices =>
      list.filter(({ slot }, k) => (largest[k] as number) >= (lengths[slot] ?? 0));
    const open = within(largestWords(program, ids, v), indices);
    if (open.length === 0) return true;
    const computed = this.#largest(program.only(open.map(({ index }) => index)), v);
    return within(computed, open).length === 0;
  }

  // The largest value of each output, a word, over the whole matrix.
  #largest(program: Program, v: VirtualView): number[] {
    const form = { lanes: 'row', listed: false } as const;
    const call = { firstLane: 0, lanes: v.rows, firstStep: 0, steps: v.cols };
    const largest = program.outputs.map(() => 0);
    this.run(this.#context.threads.here, program, v, form, call, [], (reported) => {
      largest.forEach((value, k) => {
        largest[k] = Math.max(value, ...reported.subarray(4 * k, 4 * k + 4));
      });
    });
    return largest;
  }

  /** y[row] += Σ_col V[row, col]·x[col] as a formula: x is its operand by step, y one more array that it adds to. */
  rowSums(program: Program): Program {
    const known = this.#rowSums.get(program);
    if (known) return known;
    const { graph, slots } = program;
    const entry = Real.from(graph, program.outputs[0] as number);
    const value = entry.times(Real.from(graph, graph.node('input', [], slots.inputs)));
    const sink = { slot: slots.stored, index: graph.node('row'), value: value.id };
    const made = new Program(graph, [], [sink], { ...slots, stored: slots.stored + 1, inputs: 1 });
    this.#rowSums.set(program, made);
    return made;
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
    thread: Thread,
    program: Program,
    v: VirtualView,
    form: Omit<PanelForm, 'unroll'>,
    call: PanelCall,
    sinks: readonly (View | undefined)[] = [],
    report?: Report,
  ): void {
    const unroll = this.#stepsInBlock(program);
    const whole = Math.floor(call.steps / unroll);
    if (whole > 0) this.#run(thread, program, v, { ...form, unroll }, call, whole, sinks, report);
    const done = whole * unroll;
    if (done === call.steps) return;
    const rest: PanelCall = {
      ...call,
      firstStep: call.firstStep + done,
      ...(call.input && { input: after(call.input, done) }),
      ...(call.output && { output: after(call.output, done) }),
      ...(call.list !== undefined && { list: call.list + done * 4 }),
    };
    this.#run(thread, program, v, { ...form, unroll: 1 }, rest, call.steps - done, sinks, report);
  }

  #stepsInBlock(program: Program): number {
    let unroll = this.#unrolls.get(program);
    if (unroll === undefined) {
      unroll = unrollOf(expanded(program));
      this.#unrolls.set(program, unroll);
    }
    return unroll;
  }

  #run(
    thread: Thread,
    program: Program,
    v: VirtualView,
    form: PanelForm,
    { firstLane, lanes, firstStep, input = nowhere, output = nowhere, list = 0 }: PanelCall,
    blocks: number,
    sinks: readonly (View | undefined)[],
    report: Report | undefined,
  ): void {
    const { run } = thread.functions(this.#find(program, form));
    const { slots } = program;
    const words = operandWords(slots);
    const reportWords = report ? 4 * program.outputs.length : 0;
    const block = thread.operands((words + reportWords) * 4);
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
    this.#context.memory.trace?.live(v.uniforms, at * 4, 'i32');
    for (let slot = 0; slot < slots.uniforms; slot++) i32[at++] = v.uniforms[slot] as number;
    for (let slot = 0; slot < slots.scalars; slot++) f32[at++] = v.scalars[slot] as number;
    const extent = form.lanes === 'row' ? v.rows : v.cols;
    run(Math.ceil(lanes / stripLanes), firstLane, extent - 1, firstStep, blocks, block);
    report?.(new Uint32Array(this.#context.memory.memory.buffer, block + words * 4, reportWords));
  }

  #find(program: Program, form: PanelForm): Run {
    const name = `${form.lanes}${form.unroll}${form.listed}${form.inputByStep ?? false}`;
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
      const { threads, instructions } = this.#context;
      run = threads.link<'run'>(panelModule(expanded(program), form, instructions));
      this.#byStructure.set(key, run);
    }
    runs.set(name, run);
    return run;
  }
}

function after(stream: PanelStream, steps: number): PanelStream {
  return { ...stream, address: stream.address + steps * stream.stepBytes };
}

/**
 * Steps in a block: eight, or four where the adjoint of several stored values holds so many numbers that they spill, or
 * one where eight would make a function larger than engines take.
 */
function unrollOf(program: Program): number {
  const isFunction = ({ op }: Node): boolean => ['exp', 'log', 'sin', 'cos'].includes(op);
  const size = program.nodes.reduce((sum, node) => sum + (isFunction(node) ? 40 : 4), 0);
  if (size > mostInstructions) return 1;
  const gathers = program.nodes.filter(({ op }) => op === 'at').length;
  return program.sinks.length > 0 && gathers > 2 ? 4 : 8;
}

// Of one step of a block. V8 compiles functions of up to 50 000 locals; a node takes up to five.
const mostInstructions = 5000;
const mostNodes = 10_000;
