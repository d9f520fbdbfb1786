import { FunhashError } from '@funhash/hashing';
import { hashedNet, lowRank } from '@funhash/space';
import { scope, type Tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { activations } from '../activations.ts';
import type { LayerOption } from '../layer-options.ts';
import type { Module, ModuleClass } from '../module.ts';

/** Values of which rules take those that suit them: smooth activations, for gradients. */
const candidates: readonly unknown[] = [
  true,
  false,
  1,
  2,
  3,
  0,
  0.25,
  0.5,
  'same',
  'valid',
  ...Object.keys(activations).filter((name) => !/sign|byte/i.test(name)),
  [1, 2],
  [2, 1],
  [[0, 1], 1],
  hashedNet({ ratio: 1 / 2 }),
  lowRank({ rank: 1 }),
];

/** An arbitrary for an option that a layer may also be told; none for those that decide its shape. */
function drawable([name, rule]: [string, LayerOption]): readonly (readonly [
  string,
  fc.Arbitrary<unknown>,
])[] {
  const suitable = candidates.filter((value) => rule.accepts(value));
  return rule.isRequired || name === 'dtype' || suitable.length === 0
    ? []
    : [[name, fc.option(fc.constantFrom(...suitable), { nil: undefined, freq: 2 })]];
}

/**
 * Layers like a given one with some of its optional options drawn anew, as its rules allow: what the class refuses
 * because options do not fit each other, or the input, is drawn again.
 *
 * @param input makes what the layers must take
 * @param count at most so many; none for containers, which are not built of options alone
 */
export function drawnLayers(
  layer: Module,
  input: () => Tensor,
  count: number,
  seed: number,
): readonly (() => Module)[] {
  const { options: rules } = layer.constructor as unknown as ModuleClass;
  const create = layer.constructor as new (options: object) => Module;
  const arbitrary = fc.record(Object.fromEntries(Object.entries(rules).flatMap(drawable)));
  const makers: (() => Module)[] = [];
  for (const drawn of fc.sample(arbitrary, { numRuns: 20 * count, seed })) {
    if (makers.length >= count) break;
    const chosen = Object.entries(drawn).filter(([, value]) => value !== undefined);
    const make = (): Module => new create({ ...layer.options, ...Object.fromEntries(chosen) });
    try {
      scope(() => void make().forward(input()));
      makers.push(make);
    } catch (error) {
      if (!(error instanceof FunhashError)) throw error;
    }
  }
  return makers;
}
