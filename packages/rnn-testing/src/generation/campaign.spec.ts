import { random } from '@funhash/hashing';
import {
  compress,
  Dense,
  Embedding,
  GRU,
  hashedNet,
  LSTM,
  type Module,
  type Parameter,
  reshape,
  Sequential,
} from '@funhash/layers';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBehaviour } from '../behaviour/compare-behaviour.ts';
import { ReplayError, SequenceError } from '../errors.ts';
import { boundaryCoverage } from '../metrics/boundary-coverage.ts';
import { neuronCoverage } from '../metrics/neuron-coverage.ts';
import { stepwiseCoverage } from '../metrics/stepwise-coverage.ts';
import { temporalCoverage } from '../metrics/temporal-coverage.ts';
import { gaussianNoise, smallAffine } from '../mutation/images.ts';
import { anyOf } from '../mutation/mutation.ts';
import { seriesNoise } from '../mutation/series.ts';
import { tokenEdits } from '../mutation/tokens.ts';
import { editBall, normBall } from '../oracle/oracle.ts';
import { coverageProbe } from '../probe/probe.ts';
import { replayExample, storedExamples } from '../report/example.ts';
import { reportJson, reportPage } from '../report/report.ts';
import { networkMutants, suiteStrength } from '../suite/network-mutants.ts';
import { type Campaign, type CampaignOptions, campaignWorker, rnnTest } from './campaign.ts';
import type { CampaignState } from './campaign-state.ts';
import { strategies } from './strategies.ts';

/** A net whose classes are about equally frequent for x: an untrained one gives everything the same. */
function balanced(net: Sequential, x: Tensor): Sequential {
  const scores = net.forward(x).toArray() as number[][];
  const [name, bias] = [...net.namedParameters()].at(-1) as [string, Parameter];
  if (!name.endsWith('bias')) throw new Error(name);
  bias.assign(
    tensor(
      Float32Array.from({ length: bias.value.size }, (_, c) => {
        const column = scores.map((row) => row[c] as number).sort((a, b) => a - b);
        return -(column[column.length >> 1] as number);
      }),
      bias.value.shape,
    ),
  );
  return net;
}

const inputShape = [8, 4, 1];
const inputs = random(3).fillUniform(new Float32Array(60 * 32), 0, 1);
const net = (hidden = 6, seed = 1): Sequential =>
  balanced(
    new Sequential(
      [
        new LSTM({ in: 4, hiddenSize: hidden, output: 'last', bias: false }),
        new Dense({ in: hidden, out: 3 }),
      ],
      { seed },
    ),
    tensor(inputs, [60, 8, 4]),
  );
const shape = [8, 4];
const model = net();
const training = { inputs, inputShape: shape };
const probe = coverageProbe(model, {
  training,
  window: [1, 7],
  metrics: [neuronCoverage(), boundaryCoverage(), stepwiseCoverage(), temporalCoverage({ segments: 3 })],
});
// Seeds with the model's own answers as labels, so that all are right.
const items = Array.from({ length: 60 }, (_, k) => ({ values: inputs.slice(k * 32, (k + 1) * 32) }));
const seeds = { ...training, labels: probe.measure(items).answers };
const options = (more: Partial<CampaignOptions> = {}): CampaignOptions => ({
  seeds,
  batchSize: 40,
  mutation: gaussianNoise({ variance: 0.02 }),
  searchMutation: gaussianNoise({ variance: 0.1 }),
  oracle: normBall({ norm: 'max', radius: 0.3, perChanged: false }),
  ...more,
});
const stepped = async (campaign: Campaign, rounds: number): Promise<Campaign> => {
  for (let k = 0; k < rounds; k++) await campaign.step();
  return campaign;
};

/** JSON with one value in place of another, the path to which is drawn. */
function changedAt(json: unknown, [turn = 0, ...path]: readonly number[], value: unknown): unknown {
  const names = typeof json === 'object' && json !== null ? Object.keys(json) : [];
  const name = names[turn % names.length];
  if (name === undefined || (path.length < 5 && turn % 4 === 0)) return value;
  const parent = json as Record<string, unknown>;
  parent[name] = changedAt(parent[name], path, value);
  return parent;
}

describe.each(Object.keys(strategies) as (keyof typeof strategies)[])('the %s search', (strategy) => {
  test('a campaign that stops and goes on is the one that never stopped, bit for bit', async () => {
    const rounds = strategy === 'genetic' ? 32 : 6;
    const whole = await stepped(rnnTest(probe, options({ strategy })), rounds);
    const first = await stepped(rnnTest(probe, options({ strategy })), rounds - 3);
    const state = JSON.parse(JSON.stringify(first.state())) as CampaignState;
    const rest = await stepped(rnnTest(probe, options({ strategy, state })), 3);
    expect(rest.state()).toEqual(whole.state());
    expect(whole.history.at(-1)?.executions).toBe(whole.executions);
  });

  test('what it says is so', async () => {
    const campaign = await stepped(rnnTest(probe, options({ strategy })), 10);
    const { coverage, kept, adversarial, oracle } = campaign;
    const again = probe.empty();
    const measured = probe.measure(kept.map((one) => one.test));
    kept.forEach((_, k) => {
      probe.add(again, measured, k);
    });
    expect(again.equals(coverage)).toBe(true);
    for (const { test, label, answer, distance } of adversarial) {
      const seed = campaign.seeds[test.seed] as (typeof campaign.seeds)[number];
      expect(distance).toBeLessThanOrEqual(oracle.radius);
      expect(oracle.distance(seed, test, shape)).toBe(distance);
      expect([...probe.measure([seed, test]).answers]).toEqual([label, answer]);
    }
    expect(new Set(adversarial.map(({ test }) => test.seed)).size).toBe(adversarial.length);
    for (const example of storedExamples(campaign))
      expect(replayExample(model, JSON.parse(JSON.stringify(example))).fails).toBe(true);
  });
});

test('results do not depend on who carries chunks out, and in which order', async () => {
  const own = options({ batchSize: 250, seed: 3 });
  const here = await stepped(rnnTest(probe, own), 3);
  const worker = campaignWorker(probe, own);
  const places: number[] = [];
  const elsewhere = rnnTest(probe, {
    ...own,
    // The later chunks answer first, and nothing but plain data goes to and fro.
    carryOut: async (job) => {
      await new Promise((resolve) => setTimeout(resolve, 20 - 8 * job.place));
      places.push(job.place);
      return structuredClone(worker(structuredClone(job)));
    },
  });
  expect((await stepped(elsewhere, 3)).state()).toEqual(here.state());
  expect(places.slice(0, 3)).toEqual([2, 1, 0]);
});

test('a round that fails changes nothing', async () => {
  const whole = await stepped(rnnTest(probe, options()), 3);
  let isBroken = false;
  const worker = campaignWorker(probe, options());
  const campaign = rnnTest(probe, {
    ...options(),
    carryOut: async (job) => {
      if (isBroken) throw new Error('no memory left');
      return worker(job);
    },
  });
  await stepped(campaign, 2);
  isBroken = true;
  await expect(campaign.step()).rejects.toThrow('no memory left');
  isBroken = false;
  expect((await stepped(campaign, 1)).state()).toEqual(whole.state());
});

test('constants of another probe of the model', () => {
  const constants = Object.fromEntries(probe.metrics.map((metric) => [metric.id, metric.constants]));
  const more = { window: [1, 7] as const, metrics: probe.metrics.map(({ request }) => request) };
  const one = { inputs: inputs.slice(0, 32), inputShape: shape };
  const own = coverageProbe(model, { training: one, constants: structuredClone(constants), ...more });
  expect(own.metrics.map((metric) => metric.constants)).toEqual(Object.values(constants));
  expect(own.cover(training).equals(probe.cover(training))).toBe(true);
  for (const bad of [
    {},
    { ...constants, bc: { ...constants.bc, max: [Number.NaN] } },
    { ...constants, tc: 5 },
  ])
    expect(() => coverageProbe(model, { training: one, constants: bad as never, ...more })).toThrow(
      'constants of',
    );
});

test('the guided search finds failing seeds', async () => {
  expect((await stepped(rnnTest(probe, options()), 15)).adversarial.length).toBeGreaterThan(5);
});

test('tests outside of the radius count for coverage alone', async () => {
  const oracle = normBall({ norm: 'max', radius: 1e-6, perChanged: false });
  const campaign = await stepped(rnnTest(probe, options({ project: false, oracle })), 3);
  expect(campaign.adversarial).toEqual([]);
  expect(campaign.coverage.count).toBeGreaterThan(0);
});

test('a report of numbers and a page without scripts or links', async () => {
  const campaign = await stepped(rnnTest(probe, options()), 5);
  const text = { model: '<b>net</b>', data: 'noise', command: 'funhash rnn-test', minimal: 3 };
  const page = reportPage(campaign, text);
  expect(page).toContain('&lt;b&gt;net');
  expect(page).not.toMatch(/<script|<b>net|https?:|NaN|undefined/);
  const json = JSON.parse(JSON.stringify(reportJson(campaign, text)));
  expect(json.metrics.map(({ id }: { id: string }) => id)).toEqual(['nc', 'bc', 'sc', 'tc']);
  expect(json.executions).toBe(200);
});

test('images in a report are pictures', async () => {
  const images = { inputs, inputShape };
  const flat = balanced(
    new Sequential([new GRU({ in: 4, hiddenSize: 5, output: 'last' }), new Dense({ in: 5, out: 2 })], {
      seed: 3,
    }),
    tensor(inputs, [60, 8, 4]),
  );
  const reshaped = {
    namedParameters: () => flat.namedParameters(),
    forward: ((x, pass) => flat.forward(reshape(x, [x.shape[0] as number, 8, 4]), pass)) as Module['forward'],
  };
  const own = coverageProbe(reshaped, { training: images, metrics: [temporalCoverage()] });
  const labels = own.measure(items).answers;
  if (new Set(labels).size < 2) throw new Error('the net gives one class');
  const campaign = await stepped(
    rnnTest(own, {
      ...options(),
      mutation: anyOf([smallAffine(), gaussianNoise()]),
      seeds: { ...images, labels },
    }),
    8,
  );
  expect(campaign.adversarial.length).toBeGreaterThan(0);
  expect(reportPage(campaign, { model: 'gru', data: 'noise' })).toContain('data:image/bmp;base64,Qk');
});

test('tokens and series', async () => {
  const tokens = random(5).fillUniform(new Float32Array(40 * 6), 1, 9);
  const texts = {
    inputs: Int32Array.from(tokens),
    inputShape: [6],
    lengths: Array.from({ length: 40 }, (_, k) => 3 + (k % 4)),
  };
  const reader = balanced(
    new Sequential(
      [
        new Embedding({ in: 10, out: 3 }),
        new LSTM({ in: 3, hiddenSize: 5, output: 'last' }),
        new Dense({ in: 5, out: 2 }),
      ],
      { seed: 2 },
    ),
    tensor(texts.inputs, [40, 6]),
  );
  const own = coverageProbe(reader, {
    training: texts,
    from: 'end',
    window: [0, 2],
    metrics: [temporalCoverage({ segments: 3 })],
  });
  const rows = Array.from({ length: 40 }, (_, k) => ({
    values: texts.inputs.slice(6 * k, 6 * k + 6),
    length: texts.lengths[k],
  }));
  const labels = own.measure(rows).answers;
  const synonyms = new Map([
    [2, [3, 4]],
    [5, [6]],
  ]);
  const campaign = await stepped(
    rnnTest(own, {
      seeds: { ...texts, labels },
      mutation: tokenEdits({ synonyms }),
      oracle: editBall({ radius: 0.5 }),
      batchSize: 20,
    }),
    6,
  );
  expect(campaign.adversarial.length).toBeGreaterThan(0);
  expect(
    reportPage(campaign, { model: 'lstm', data: 'words', word: (token) => '-abcdefghi'[token] }),
  ).toMatch(/<(ins|del)>[a-i]</);
  const series = await stepped(rnnTest(probe, options({ mutation: seriesNoise() })), 2);
  expect(series.coverage.count).toBeGreaterThan(0);
});

test('a network beside itself, and beside another', async () => {
  const same = compareBehaviour(probe, model, seeds);
  expect(same).toMatchObject({ sameAnswers: 1, sameWords: 1, accuracies: [1, 1] });
  for (const { difference, correlation } of same.steps) {
    expect(difference).toBe(0);
    expect(correlation).toBeCloseTo(1, 10);
  }
  const other = compareBehaviour(probe, net(6, 2), seeds);
  expect(other.sameAnswers).toBeLessThan(1);
  expect(other.steps.every(({ difference }) => difference > 0)).toBe(true);
  expect(other.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a suite kills mutants of a network, and not the network itself', async () => {
  const strength = await suiteStrength(probe, seeds, networkMutants(model, { count: 6, strength: 0.5 }));
  expect(strength.mutants.length).toBe(6);
  expect(strength.killed).toBeGreaterThan(0);
  expect((await suiteStrength(probe, seeds, [{ name: 'itself', model }])).killed).toBe(0);
  const compressed = await Promise.all(
    ['hashedNet:1/2', 'hashedNet:1/8'].map(async (name, k) => {
      const weight = hashedNet({ ratio: k === 0 ? 1 / 2 : 1 / 8 });
      return { name, model: (await compress(model, { weight })).model };
    }),
  );
  const variants = await suiteStrength(probe, seeds, compressed);
  expect(variants.mutants.map(({ name }) => name)).toEqual(['hashedNet:1/2', 'hashedNet:1/8']);
  expect(variants.killed).toBe(2);
});

describe('refused:', () => {
  test.each([
    [{ ...training }, 'right classes as labels'],
    [{ ...training, labels: Array(60).fill(1) }, 'at least two classes'],
    [{ ...training, labels: Array.from({ length: 60 }, (_, k) => 7 + (k % 2)) }, 'that it gets wrong'],
    [{ inputs: new Float32Array(0), inputShape: shape }, 'at least one sequence'],
  ])('seeds %#', (seeds, message) => {
    expect(() => rnnTest(probe, { seeds })).toThrow(SequenceError);
    expect(() => rnnTest(probe, { seeds })).toThrow(message);
  });

  test('strategies and options that do not exist', async () => {
    expect(() => rnnTest(probe, options({ strategy: 'greedy' as 'random' }))).toThrow(
      'random, genetic, guided',
    );
    expect(() => rnnTest(probe, { ...options(), mutations: 1 } as never)).toThrow('did you mean mutation');
  });

  test('states of other campaigns, and damaged ones', async () => {
    const state = (await stepped(rnnTest(probe, options()), 2)).state();
    expect(() => rnnTest(probe, options({ state, seed: 5 }))).toThrow(ReplayError);
    for (const damage of [
      { tests: state.tests.slice(1) },
      { nearest: [['bc', 0, 1, 1e9]] },
      { tally: {} },
      { coverage: { bc: { size: 7, bits: 'zz' } } },
      { tests: state.tests.map((one) => ({ ...one, bytes: one.bytes.slice(4) })) },
      { tests: state.tests.map((one) => ({ ...one, seed: 60 })) },
      { tests: state.tests.map((one) => ({ ...one, type: 'i32' })) },
      { executions: -1 },
      { records: [] },
    ])
      expect(() => rnnTest(probe, options({ state: { ...state, ...damage } as never }))).toThrow(ReplayError);
  });

  test.each(['genetic', 'guided'] as const)(
    'a state of the %s search with any value changed is refused, or goes on',
    async (strategy) => {
      // Behind the random tests that a genetic search begins with.
      const state = (
        await stepped(rnnTest(probe, options({ strategy })), strategy === 'genetic' ? 28 : 3)
      ).state();
      const paths = fc.array(fc.nat(), { minLength: 6, maxLength: 6 });
      const outcomes = new Set<string>();
      await fc.assert(
        fc.asyncProperty(paths, fc.constantFrom(null, -1, 0.5, 1e9, 'x', [], {}), async (path, value) => {
          const damaged = changedAt(JSON.parse(JSON.stringify(state)), path, value);
          try {
            const campaign = rnnTest(probe, options({ strategy, state: damaged as CampaignState }));
            const page = reportPage(await stepped(campaign, 1), { model: 'lstm', data: 'noise' });
            expect(page).not.toMatch(/NaN|undefined/);
            outcomes.add('goes on');
          } catch (error) {
            if (!(error instanceof ReplayError)) throw error;
            outcomes.add('refused');
          }
        }),
        { seed: 1, numRuns: 150 },
      );
      expect([...outcomes].sort()).toEqual(['goes on', 'refused']);
    },
  );

  test('examples that are none', async () => {
    for (const example of [null, {}, { version: 1, inputShape: [2 ** 30], label: 0, seed: {}, test: {} }])
      expect(() => replayExample(model, example as never)).toThrow(ReplayError);
  });
});
