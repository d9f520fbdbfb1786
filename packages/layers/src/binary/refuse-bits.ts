import { ArgumentError } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import { signWords } from '@funhash/tensor';

/** @throws ArgumentError where a bit behind the last of `count` signs in a run is set: products would count it */
export function refuseBits(name: string, { value }: Parameter, count: number): void {
  const used = count % 32;
  if (used === 0) return;
  const perRun = signWords(count);
  const words = value.dataSync<Int32Array>();
  for (let at = perRun - 1; at < words.length; at += perRun)
    if ((words[at] as number) >>> used !== 0)
      throw new ArgumentError({
        operation: 'packed signs',
        expected: `${name} of ${count} bits in ${perRun} words, the bits behind them 0`,
        actual: `the word ${(words[at] as number) >>> 0} at ${at}`,
      });
}
