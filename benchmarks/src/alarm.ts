import { withHosts } from './hosts.ts';
import { type Entry, interleaved, isTiming } from './rounds.ts';

const size = 512;
const layer = { kind: 'layer', width: 784, out: 1000, batch: 128 } as const;
const weight = { scheme: 'hashedNet', options: { ratio: 1 / 64 } } as const;

const entries = {
  probe: { kind: 'probe' },
  product: { kind: 'product', m: size, k: size, n: size },
  dense: layer,
  hashed: { ...layer, weight },
} as const;

/**
 * Ratios that hold on any machine unless something broke: a matrix product above half of its own inner loop, a hashed
 * layer's step below twice the dense one's. Tells, and gives whether they hold.
 */
export function alarm(rounds: number): Promise<boolean> {
  return withHosts(async (hostOf) => {
    const tasks = Object.entries(entries).map(([name, task]): Entry => ({ name, library: 'funhash', task }));
    const outcomes = await interleaved(tasks, hostOf, { rounds });
    const timed = (name: keyof typeof entries) => {
      const found = outcomes.find((outcome) => outcome.name === name);
      if (!found || !isTiming(found)) throw new Error(`${name}: ${found?.error}`);
      return found;
    };
    const [probe, product, dense, hashed] = [
      timed('probe'),
      timed('product'),
      timed('dense'),
      timed('hashed'),
    ];
    const peak = (probe.value as number) / probe.leastMs;
    const ratios = {
      'matrix product ÷ its register loop, GFLOP/s (at least 0.5)': (2 * size ** 3) / product.leastMs / peak,
      'step of a hashed layer ÷ a dense one, time (at most 2)': hashed.leastMs / dense.leastMs,
    };
    for (const [name, ratio] of Object.entries(ratios)) console.log(`${ratio.toFixed(2)}  ${name}`);
    const [speed, cost] = Object.values(ratios) as [number, number];
    return speed >= 0.5 && cost <= 2;
  });
}
