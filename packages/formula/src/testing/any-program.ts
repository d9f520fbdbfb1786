import fc from 'fast-check';
import { Graph } from '../graph.ts';
import { Program, type Sink } from '../program.ts';
import { Real } from '../real.ts';
import { Word } from '../word.ts';

/** What the programs of `anyProgram` read: two stored arrays, two operands, two uniforms, one scalar. */
export const programSlots = { storedLengths: [7, 5], inputs: 2, uniforms: 2, scalars: 1 } as const;

export interface ProgramOptions {
  /** Leave out operations with kinks or jumps, so that finite differences make sense. Default false. */
  readonly smooth?: boolean;
  /** Read per-entry operands. Default true. */
  readonly inputs?: boolean;
  /** Add to the stored arrays. Default false. */
  readonly sinks?: boolean;
}

type WordStep = (a: Word, b: Word, n: number) => Word;
type RealStep = (a: Real, b: Real, w: Word, n: number) => Real;

const wordSteps: readonly WordStep[] = [
  (a, b) => a.plus(b),
  (a, b) => a.minus(b),
  (a, b) => a.times(b),
  (a, b) => a.xor(b),
  (a, b) => a.and(b),
  (a, b) => a.or(b),
  (a, b) => a.below(b),
  (a, b) => a.equals(b),
  (a, b) => a.lessThan(b),
  (a, _, n) => a.plus(n),
  (a, _, n) => a.times(n),
  (a, _, n) => a.xor(n),
  (a, _, n) => a.shl(n % 32),
  (a, _, n) => a.shr(n % 32),
  (a, _, n) => a.rotl(n % 32),
  (a, _, n) => a.div((n % 1000) + 1),
  (a, _, n) => a.rem((n % 1000) + 1),
  (a, _, n) => a.group((n % 9) + 1),
  (a, _, n) => a.lane((n % 9) + 1),
];

// Every step keeps reals of [−1, 1] in [−1, 1], so that chains of them neither overflow nor lose all digits.
const smoothSteps: readonly RealStep[] = [
  (a, b) => a.plus(b).times(0.5),
  (a, b) => a.minus(b).times(0.5),
  (a, b) => a.times(b),
  (a, b) => a.over(b.times(b).plus(1)),
  (a) => a.negate(),
  (a) => a.tanh(),
  (a) => a.sech(),
  (a, b) => a.gatedBy(b),
  (a) => a.expm1().times(0.5),
  (a) => a.times(a).log1p(),
  (a) => a.sin(),
  (a) => a.cos(),
  (a) => a.exp().times(0.3),
  (a) => a.times(a).plus(1).log(),
  (a) => a.times(a).plus(1).sqrt().minus(1),
  (a, b, w) => w.select(a, b),
  (a, _, w) => w.lessThan(0x80000000).select(a, 0),
  (a, _, w) => a.times(w.asSign()),
  (a, _, w) => a.times(w.asReal().times(2 ** -32)),
  (_, __, w) => read(w, 0),
  (_, __, w) => read(w, 1),
  (a, _, __, n) => a.times(((n % 21) - 10) / 10),
  (a, _, __, n) => Real.from(a.graph, a.graph.node('at', [Word.constant(a.graph, n % 5).id], n % 2)),
];

const kinkedSteps: readonly RealStep[] = [
  (a, b) => a.maximum(b),
  (a, b) => a.minimum(b),
  (a) => a.relu(),
  (a) => a.abs(),
  (a) => a.sign(),
  (a) => a.floor(),
  (a, b) => a.ifPositive(b, a),
  (a, b) => b.times(a.ifPositive(0, 1)),
  (a, b) => a.withGradientOf(b),
];

function read(word: Word, slot: 0 | 1): Real {
  const { graph } = word;
  const index = word.below(programSlots.storedLengths[slot]);
  return Real.from(graph, graph.node('at', [index.id], slot));
}

/**
 * Random programs over words and reals with many shared nodes, of the slots `programSlots`. Values of operands,
 * scalars and stored arrays are meant to lie in [−1, 1]; outputs do then too.
 */
export function anyProgram({
  smooth = false,
  inputs = true,
  sinks = false,
}: ProgramOptions = {}): fc.Arbitrary<Program> {
  const realSteps = smooth ? smoothSteps : [...smoothSteps, ...kinkedSteps];
  const number = fc.nat({ max: 0x7fffffff });
  const step = fc.record({ real: fc.boolean(), kind: number, a: number, b: number, w: number, n: number });
  return fc.array(step, { minLength: 1, maxLength: 24 }).map((steps) => {
    const graph = new Graph();
    const leaf = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
    const words = [leaf('row'), leaf('col'), leaf('uniform', 0), leaf('uniform', 1)];
    const real = (op: 'scalar' | 'input', slot: number): Real => Real.from(graph, graph.node(op, [], slot));
    const reals = [
      real('scalar', 0),
      read(words[0] as Word, 0),
      read((words[1] as Word).times(0x9e3779b1), 1),
    ];
    if (inputs) reals.push(real('input', 0), real('input', 1));
    const pick = <T>(pool: readonly T[], k: number): T => pool[k % pool.length] as T;
    for (const { real: isReal, kind, a, b, w, n } of steps)
      if (isReal) reals.push(pick(realSteps, kind)(pick(reals, a), pick(reals, b), pick(words, w), n));
      else words.push(pick(wordSteps, kind)(pick(words, a), pick(words, b), n));
    const found: Sink[] = programSlots.storedLengths.map((length, slot) => ({
      slot,
      index: (words.at(-1) as Word).below(length).id,
      value: (reals.at(-1 - slot) as Real).id,
    }));
    const { storedLengths, ...slots } = programSlots;
    return new Program(
      graph,
      reals.slice(-2).map(({ id }) => id),
      sinks ? found : [],
      {
        ...slots,
        inputs: inputs ? slots.inputs : 0,
        stored: storedLengths.length,
      },
    );
  });
}
