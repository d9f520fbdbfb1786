import { BatchNorm, Dense, hashedNet, Sequential } from '@funhash/layers';
import { useBackend } from '@funhash/tensor';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { valuesIn } from './earlier-runs.spec-kit.ts';
import { fit } from './fit.ts';
import { eventsOf, firstCheckpoint, spirals } from './fit-runs.spec-kit.ts';
import { adamW } from './optimizers/adam-w.ts';
import { readCheckpoint } from './read-checkpoint.ts';

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 5, weight: hashedNet({ ratio: 1 / 2 }) }),
      new BatchNorm({ channels: 5, activation: 'relu' }),
      new Sequential([new Dense({ in: 5, out: 4, activation: 'tanh' }), new Dense({ in: 4, out: 2 })]),
    ],
    { seed: 3 },
  );
const data = spirals(30, 4);
const optimizer = adamW({ learningRate: 0.05, weightDecay: 0.1 });
const rest = { data, epochs: 2, batchSize: 8, optimizer };
const names = Object.keys(valuesIn(net()));

/** Names whose values a run with this freeze changes. */
async function changedBy(freeze: readonly string[]): Promise<string[]> {
  const model = net();
  const before = valuesIn(model);
  await fit({ ...rest, model, freeze });
  const after = valuesIn(model);
  return names.filter((name) => String(before[name]) !== String(after[name]));
}

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test('what is frozen keeps its bits, all else changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(names, { maxLength: names.length - 3 }), async (freeze) => {
        const trained = names.filter((own) => !freeze.includes(own));
        fc.pre(trained.some((own) => !/mean|variance/.test(own)));
        // Frozen means or variances keep both from moving: the layer normalises by them.
        const isFixed = freeze.some((own) => /mean|variance/.test(own));
        expect(await changedBy(freeze)).toEqual(
          trained.filter((own) => !(isFixed && /mean|variance/.test(own))),
        );
      }),
      { seed: 2, numRuns: 8 },
    );
  });

  test('options of an optimizer may name what is frozen', async () => {
    const own = { ...rest, optimizer: adamW({ noDecay: ['0.bias', '1.scale'] }) };
    const { loss } = await fit({ ...own, model: net(), freeze: ['0.bias'] });
    expect(loss).toBeGreaterThan(0);
    const run = fit({ ...own, model: net(), freeze: ['0.bias'], optimizer: adamW({ noDecay: ['0.bia'] }) });
    await expect(run).rejects.toThrow('noDecay');
  });

  test('texts: places of layers, and * for any characters', async () => {
    const but = (pattern: RegExp) => names.filter((own) => !pattern.test(own));
    expect(await changedBy([])).toEqual(names);
    expect(await changedBy(['1'])).toEqual(but(/^1\./));
    expect(await changedBy(['2.0', '0.bias'])).toEqual(but(/^2\.0\.|^0\.bias/));
    expect(await changedBy(['*.bias'])).toEqual(but(/\.bias/));
    expect(await changedBy(['2*w*t.w'])).toEqual(but(/^2.*weight/));
  });

  test('frozen layers with frozen statistics are a function that others train behind', async () => {
    const model = net();
    const body = (x: Sequential) => x.layers.slice(0, 2);
    const y = new Sequential([...body(model)]);
    const x = [[0.3, -0.4]];
    const { predict } = await import('./evaluate.ts');
    const before = [...(await predict(y, x)).data];
    await fit({ ...rest, model, freeze: ['0', '1'] });
    expect([...(await predict(y, x)).data]).toEqual(before);
    // Trained as the head alone is on what the body gives.
    const other = net();
    const head = other.layers[2] as Sequential;
    const given = await predict(new Sequential([...body(other)]), data.inputs, { inputShape: [2] });
    await fit({
      ...rest,
      model: head,
      data: { inputs: given.data as Float32Array, inputShape: [5], labels: data.labels },
    });
    const [a, b] = [model.layers[2] as Sequential, head].map((part) =>
      part.parameters().flatMap(({ value }) => [...value.dataSync()]),
    );
    for (const [k, value] of (a as number[]).entries()) expect(value).toBeCloseTo(b?.[k] as number, 5);
  });
});

test('the optimiser has no state of what is frozen, and a run that freezes otherwise does not resume', async () => {
  const { bytes } = await firstCheckpoint({ ...rest, model: net(), freeze: ['0', '2.1'], checkpoint: {} });
  const { optimizer: state } = await readCheckpoint(bytes);
  expect([...state.slots.keys()].filter((slot) => slot.includes('/0.') || slot.includes('/2.1.'))).toEqual(
    [],
  );
  expect(state.slots.size).toBe(2 * 4);
  const resumed = (freeze: readonly string[]) => eventsOf({ ...rest, model: net(), resume: bytes, freeze });
  await expect(resumed(['0.*', '2.1*'])).resolves.toBeDefined();
  await expect(resumed(['0'])).rejects.toThrow(
    /freeze: 0\.bias, .*2\.1\.weight.* in the checkpoint, 0\.bias/,
  );
  await expect(resumed([])).rejects.toThrow(/freeze: .* in the checkpoint, none here/);
});

test('a name that is none is refused with the nearest, as is a network that is frozen whole', async () => {
  const refused = (freeze: readonly string[]) =>
    expect(fit({ ...rest, model: net(), freeze }).next()).rejects;
  await refused(['0.wieght']).toThrow('got 0.wieght, which is none. Did you mean 0.weight?');
  await refused(['*.gamma']).toThrow('*.gamma, which is none');
  await refused(['*']).toThrow('freeze to leave parameters that are trained');
});
