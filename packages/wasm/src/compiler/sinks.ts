import type { Sink } from '@funhash/formula';
import type { Code, Local } from '../assembler/code.ts';
import { addressesOfWords, placeOfWord } from './gather.ts';
import type { Lowering } from './lowering.ts';
import { real } from './reals.ts';
import { Vector } from './vector.ts';
import { signBits } from './words.ts';

/** Code behind the loops: after the last step of a strip, after the last strip. */
export interface Ends {
  readonly strip: Code;
  readonly call: Code;
}

interface BlockSign {
  readonly word: number;
  readonly factors: readonly [number, number];
}

/** The sign, x and y of a value (x · sign) · y whose sign is the same for a whole block of steps. */
function blockSign(lowering: Lowering, value: number): BlockSign | undefined {
  const { op, args } = lowering.node(value);
  if (op !== 'times') return undefined;
  const [product, y] = args as [number, number];
  const inner = lowering.node(product);
  if (inner.op !== 'times') return undefined;
  const [x, sign] = inner.args as [number, number];
  const { op: kind, args: of } = lowering.node(sign);
  if (kind !== 'asSign' || lowering.dependence.of(sign).step === 2) return undefined;
  return { word: of[0] as number, factors: [x, y] };
}

/**
 * Adds the values of a sink to memory, as its index allows. Values whose index stays the same over several steps are
 * summed in registers first: over the whole call, a strip, or a block of steps. A sum then goes to one place (lanes
 * share the index), to eight neighbours (a run), or from each lane to its own place.
 */
export class SinkWriter {
  readonly #lowering: Lowering;
  readonly #sink: Sink;
  readonly #base: Local;
  readonly #ends: Ends;
  readonly #scope: 'call' | 'strip' | 'block' | 'step';
  /** The sum over the call or the strip. */
  readonly #sums: readonly Local[];
  /** The sum over the steps of a block so far. */
  #block: readonly Local[] = [];
  /** The sign taken out of the values of a block, which are products by it. */
  readonly #sign: BlockSign | undefined;
  /** The sum of each step of a block. */
  readonly #steps: (readonly Local[])[] = [];

  constructor(lowering: Lowering, sink: Sink, base: Local, ends: Ends) {
    this.#lowering = lowering;
    this.#sink = sink;
    this.#base = base;
    this.#ends = ends;
    const { lane, step } = lowering.dependence.of(sink.index);
    if (step === 0) this.#scope = lane === 0 ? 'call' : 'strip';
    else this.#scope = step === 1 ? 'block' : 'step';
    this.#sign = this.#scope === 'step' ? undefined : blockSign(lowering, sink.value);
    this.#sums = step === 0 ? this.#startSums(this.#scope === 'call' ? 0 : 1) : [];
  }

  /** Computes the values of a step; sums what need not be stored with each step. Stores nothing yet. */
  take(step: number): void {
    const halves = Array.from({ length: this.#lowering.halves }, (_, half) => half);
    if (this.#scope === 'step') this.#steps[step] = halves.map((half) => this.#value(step, half));
    else if (step === 0) this.#block = halves.map((half) => this.#value(0, half));
    else this.#block = halves.map((half) => this.#added(step, half, this.#block[half] as Local));
    if (this.#sign && step === this.#lowering.unroll - 1) this.#block = this.#signed(this.#sign.word);
  }

  /** Stores the values of a step, and with the last step of a block what was summed over it. */
  store(step: number): void {
    const v = this.#lowering.vectorAt(2);
    if (this.#scope === 'step') this.#store(v, this.#steps[step] as readonly Local[], step);
    else if (step < this.#lowering.unroll - 1) return;
    else if (this.#scope === 'block') this.#store(v, this.#block, 0);
    else
      this.#block.forEach((value, half) => {
        const sum = this.#sums[half] as Local;
        v.code.get(sum, value).op('f32x4.add').set(sum);
      });
  }

  #value(step: number, half: number): Local {
    const lowering = this.#lowering;
    if (!this.#sign) return real(lowering, this.#sink.value, step, half);
    const [a, b] = this.#sign.factors.map((factor) => real(lowering, factor, step, half)) as [Local, Local];
    return lowering.vectorAt(2).mul(a, b);
  }

  #signed(word: number): readonly Local[] {
    const v = this.#lowering.vectorAt(2);
    return this.#block.map((sum, half) => v.op('v128.xor', sum, signBits(this.#lowering, word, 0, half)));
  }

  // sum + value, in one instruction where the value is a product (but one by a sign, which is none).
  #added(step: number, half: number, sum: Local): Local {
    const lowering = this.#lowering;
    const v = lowering.vectorAt(2);
    const { op, args } = lowering.node(this.#sink.value);
    const product = op === 'times' && !args.some((arg) => lowering.node(arg).op === 'asSign');
    const factors = this.#sign?.factors ?? (product ? args : undefined);
    if (!factors) return v.add(sum, this.#value(step, half));
    const [a, b] = factors.map((factor) => real(lowering, factor, step, half)) as [Local, Local];
    return v.multiplyAdd(a, b, sum);
  }

  /** Writes what is stored behind the loops. */
  finish(): void {
    if (this.#scope !== 'call' && this.#scope !== 'strip') return;
    const { made, instructions, constants } = this.#lowering;
    const v = new Vector(made, this.#ends[this.#scope], instructions, constants);
    this.#store(v, this.#sums, 0);
  }

  #startSums(site: 0 | 1): Local[] {
    const { made, halves } = this.#lowering;
    const code = this.#lowering.codeAt(site);
    const sums = made.locals('v128', halves);
    for (const sum of sums) code.v128(new Float32Array(4)).set(sum);
    return sums;
  }

  #store(v: Vector, values: readonly Local[], step: number): void {
    const { index } = this.#sink;
    const { code } = v;
    if (!this.#lowering.varies(index)) {
      const { address, offset } = placeOfWord(this.#lowering, index, this.#base, step);
      const sum = values.reduce((total, value) => v.add(total, value));
      code.get(address, address).memory('f32.load', offset);
      v.pushSum(sum);
      code.op('f32.add').memory('f32.store', offset);
    } else if (this.#lowering.dependence.laneStride(index) === 1) {
      const { address, offset } = placeOfWord(this.#lowering, index, this.#base, step);
      values.forEach((value, half) => {
        const at = offset + 16 * half;
        code.get(address, address).memory('v128.load', at);
        code.get(value).op('f32x4.add').memory('v128.store', at);
      });
    } else
      values.forEach((value, half) => {
        const addresses = addressesOfWords(this.#lowering, index, this.#base, step, half);
        const place = this.#lowering.made.local('i32');
        for (let lane = 0; lane < 4; lane++) {
          code.get(addresses).lane('i32x4.extract_lane', lane).tee(place);
          code.get(place).memory('f32.load');
          code.get(value).lane('f32x4.extract_lane', lane).op('f32.add').memory('f32.store');
        }
      });
  }
}
