import { add, multiply } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import { keep, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { layerOption } from '../layer-options.ts';
import { Module } from '../module.ts';
import { moveBuffer, type Pass } from '../pass.ts';
import type { LayerLawName, LayerSample } from '../sample.ts';
import { type LayerLawOptions, layerLaws } from './layer-laws.ts';
import { layerSamples } from './layer-samples.ts';

/** The laws of every layer of a sample. */
function lawsOf({ input, layers, ...rest }: LayerSample<Module>) {
  return layers().flatMap((_, k) =>
    layerLaws(() => layers()[k] as Module, input, rest).map((law) => ({
      name: `${k}: ${law.name}`,
      check: law.check,
    })),
  );
}

describe.each(Object.entries(layerSamples))('%s', (_, sample) => {
  for (const law of lawsOf(sample)) test(law.name, law.check);
});

const options = {
  channels: layerOption.required(layerOption.count()),
  power: layerOption.oneOf([1, 2]),
} as const;

/** A layer as a user writes one. */
class Scale extends Module<OptionsOf<typeof options>> {
  static override readonly type: string = 'scale';
  static override readonly options = options;
  readonly factor = this.values('factor', [this.options.channels], { start: 2 });

  compute(x: Tensor): Tensor {
    const y = multiply(x, this.factor.value);
    return this.options.power === 2 ? multiply(y, y) : y;
  }
}

describe("a layer of a user's own", () => {
  for (const law of layerLaws(() => new Scale({ channels: 3 }), [2, 3])) test(law.name, law.check);
});

/** Faults, and the law that sees each. */
const faults: Record<string, [LayerLawName, () => Module, LayerLawOptions?]> = {
  'a value that is not saved': [
    'file',
    () =>
      new (class Forgetful extends Scale {
        static override readonly type: string = 'forgetful';
        readonly #factor = counter++;
        override compute(x: Tensor): Tensor {
          return multiply(super.compute(x), this.#factor);
        }
      })({ channels: 3 }),
  ],
  'an option that it hides from files': [
    'file',
    () =>
      new (class Hiding extends Scale {
        static override readonly type: string = 'hiding';
        override get spec() {
          return { type: 'hiding', channels: 3 };
        }
      })({ channels: 3, power: 2 }),
  ],
  'fields that it does not read': [
    'description',
    () =>
      new (class Deaf extends Scale {
        static override readonly type: string = 'deaf';
        static override fromSpec(source: { value(name: string): unknown }): Module {
          for (const name of ['channelsx', 'typex', 'constructor']) source.value(name);
          return new Deaf({ channels: 3 });
        }
      })({ channels: 3 }),
  ],
  'examples that touch each other': [
    'batch',
    () =>
      new (class Mixing extends Scale {
        static override readonly type: string = 'mixing';
        override compute(x: Tensor): Tensor {
          return multiply(super.compute(x), x.shape[0] as number);
        }
      })({ channels: 3 }),
  ],
  'a gradient that is cut off': [
    'gradients',
    () =>
      new (class Cut extends Scale {
        static override readonly type: string = 'cut';
        override compute(x: Tensor): Tensor {
          return multiply(x, tensor(this.factor.value.dataSync(), [3]));
        }
      })({ channels: 3 }),
  ],
  'a tensor that is never freed': [
    'memory',
    () =>
      new (class Hoarding extends Scale {
        static override readonly type: string = 'hoarding';
        readonly #hoard: Tensor[] = [];
        override compute(x: Tensor): Tensor {
          const y = super.compute(x);
          this.#hoard.push(keep(multiply(y, 1)));
          return y;
        }
      })({ channels: 3 }),
  ],
  'chance that is not of the pass': [
    'repeat',
    () => {
      const offset = counter++;
      return new (class Random extends Scale {
        static override readonly type: string = 'random';
        override compute(x: Tensor): Tensor {
          return multiply(super.compute(x), offset);
        }
      })({ channels: 3 });
    },
  ],
  'statistics that move before the step is taken': [
    'failed step',
    () =>
      new (class Hasty extends Scale {
        static override readonly type: string = 'hasty';
        readonly seen = this.values('seen', [3], { isTrained: false });
        override compute(x: Tensor): Tensor {
          this.seen.parameter.assign(tensor([1, 2, 3]));
          return super.compute(x);
        }
      })({ channels: 3 }),
  ],
  'statistics that are staged from what is stored, not from what an earlier pass staged': [
    'failed step',
    () =>
      new (class Forgetting extends Scale {
        static override readonly type: string = 'forgetting';
        readonly seen = this.values('seen', [3], { isTrained: false });
        override compute(x: Tensor, pass?: Pass): Tensor {
          if (pass?.training)
            moveBuffer(pass, this.seen.parameter, () => multiply(add(this.seen.value, 1), 2));
          return super.compute(x);
        }
      })({ channels: 3 }),
  ],
  'a raw error': [
    'wrong shapes',
    () =>
      new (class Raw extends Scale {
        static override readonly type: string = 'raw';
        override compute(x: Tensor): Tensor {
          return multiply(x, tensor([1, 2, 3].slice(0, (x.shape[1] as unknown as { at(): number }).at())));
        }
      })({ channels: 3 }),
  ],
  'an option that takes anything': [
    'wrong options',
    () =>
      new (class Lax extends Scale {
        static override readonly type: string = 'lax';
        constructor(given: OptionsOf<typeof options>) {
          super({ channels: given?.channels ?? 1 });
          (given as { power?: { valueOf(): number } }).power?.valueOf().toFixed();
        }
      })({ channels: 3 }),
  ],
};

let counter = 1;

describe('planted faults are seen', () => {
  test.each(Object.entries(faults))('%s', async (_, [name, make, more]) => {
    const law = layerLaws(make, [2, 3], more).find((each) => each.name === name);
    await expect(Promise.resolve().then(() => law?.check())).rejects.toThrow(LawError);
  });
});
