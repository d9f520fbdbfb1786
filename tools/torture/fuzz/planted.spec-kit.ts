import { ArgumentError } from '@funhash/hashing';
import type { Parser } from './parser.ts';

// Readers with one fault each, on which a fuzzer must find a loss: the exports are what `fuzzing` takes as parsers.

const planted = (name: string, read: () => Promise<void> | void): Parser => ({
  name,
  share: 1,
  samples: async () => [Uint8Array.of(1, 2, 3)],
  change: (sample) => sample,
  read,
});

const refusal = (actual: string): ArgumentError =>
  new ArgumentError({ operation: 'f', expected: 'x', actual });
let kept: ArrayBuffer | undefined;

export const sound = planted('sound', () => {});
export const refuses = planted('refuses', () => {
  throw refusal('y');
});
export const untyped = planted('untyped', () => void (undefined as unknown as { x: number }).x);
export const steers = planted('steers', () => {
  const error = refusal('y');
  error.message = 'f: \u009b31m';
  throw error;
});
export const bomb = planted('bomb', () => void new Uint8Array(2 ** 28).fill(1));
export const reserves = planted('reserves', () => {
  kept = new ArrayBuffer(2 ** 28);
});
export const pollutes = planted('pollutes', () => {
  Object.defineProperty(Object.prototype, 'planted', { value: kept, configurable: true });
});
export const slow = planted('slow', () => {
  for (const begun = performance.now(); performance.now() - begun < 1100; );
});
export const endless = planted('endless', () => {
  for (;;);
});
export const crashes = planted('crashes', () => process.abort());
