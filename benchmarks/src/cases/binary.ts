import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { libraries } from '../libraries.ts';
import { type Entry, interleaved, isTiming, type Outcome } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { TaskOf } from '../task.ts';

const bits = 'funhash, bits';

/** Patience for the naive product: it takes 10 s for the larger ones. */
const patienceMs = 180_000;

/** One turn of the slowest, many of the others. */
const budgetMs = 3000;

export const binaryCase: Case = {
  name: 'binary',
  title: 'Weights of ±1',
  about:
    'Products of signs by exclusive or and a count of ones, 32 signs a word, against f32 products of the same numbers: ' +
    'by our matrix product, by that of tfjs, and by the naive one, three loops without tiles or vectors in a kernel of ' +
    'the same backend, which is what Courbariaux et al. 2016 compare theirs with. Operations are counted as those of ' +
    'f32: a multiplication and an addition for each pair of signs. Networks are `bnnMlp` and `bnnConvNet` at inference ' +
    'from bytes to outputs, as they are trained, with weights decoded once, and as `toBinary` packs them; the same ' +
    'outputs, bit for bit, are a condition of the measurement. Slow entries have few turns: on a busy machine (see the ' +
    'load average) they look slower than they are, and ratios to them larger.',
  libraries: ['funhash', 'funhashNaive', 'tfjsWasm'],
  async run({ rounds, takes, show }) {
    const products = [
      { m: 2048, k: 2048, n: 2048, isNaive: true },
      { m: 4096, k: 4096, n: 4096, isNaive: false },
      { m: 100, k: 4096, n: 4096, isNaive: true },
      { m: 1, k: 4096, n: 4096, isNaive: true },
    ];
    for (const { isNaive, ...shape } of products) {
      const product = (by: TaskOf<'signProduct'>['by']) => ({ kind: 'signProduct', by, ...shape }) as const;
      const entries: readonly Entry[] = [
        { name: bits, library: 'funhash', task: product('bits') },
        {
          name: 'funhash, bits, left operand packed in the call',
          library: 'funhash',
          task: product('packing'),
        },
        { name: 'funhash, f32', library: 'funhash', task: product('f32') },
        { name: `${libraries.tfjsWasm.title}, f32`, library: 'tfjsWasm', task: product('f32') },
        ...(isNaive ? [{ name: 'naive, f32', library: 'funhashNaive', task: product('f32') } as const] : []),
      ];
      const { m, k, n } = shape;
      show(
        timingTable(`${m}×${k} · ${k}×${n}`, await timed(entries, rounds), {
          base: bits,
          baseTitle: 'bits',
          flops: 2 * m * k * n,
        }),
      );
    }
    const nets = [
      ['MNIST, 784-3×4096-10, batch 100', 'mlp', 100],
      ['MNIST, 784-3×4096-10, one image', 'mlp', 1],
      ['3 × 3 convolution of 128 channels, 128 filters, images of 32 × 32, batch 8', 'convolution', 8],
      ['CIFAR-10, 2×128-2×256-2×512 convolutions, 2×1024 dense, batch 8', 'convNet', 8],
    ] as const;
    for (const [title, net, batch] of nets) {
      const forward = (packed: boolean) => ({ kind: 'binaryNet', net, batch, packed }) as const;
      const entries: readonly Entry[] = [
        { name: bits, library: 'funhash', task: forward(true) },
        { name: 'funhash, f32', library: 'funhash', task: forward(false) },
        ...(net === 'mlp'
          ? [{ name: 'naive, f32', library: 'funhashNaive', task: forward(false) } as const]
          : []),
      ];
      const outcomes = await timed(entries, rounds);
      requireSame(outcomes);
      show(timingTable(title, outcomes, { base: bits, baseTitle: 'bits' }));
    }

    function timed(entries: readonly Entry[], count: number): Promise<Outcome[]> {
      const taking = entries.filter(({ library }) => takes(library));
      return withHosts(
        (hostOf) => interleaved(taking, hostOf, { rounds: count, warmUpMs: 0, budgetMs }),
        patienceMs,
      );
    }
  },
};

/** @throws where networks gave other outputs, or none */
function requireSame(outcomes: readonly Outcome[]): void {
  const values = new Set(outcomes.map((outcome) => (isTiming(outcome) ? outcome.value : outcome.error)));
  if (values.size > 1) throw new Error(`other outputs: ${[...values].join(', ')}`);
}
