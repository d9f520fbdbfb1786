import { FunhashError, random } from '@funhash/hashing';
import { Dense, Embedding, Flatten, GRU, LSTM, Masked, Sequential } from '@funhash/layers';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { NoRecurrentLayerError, SequenceError, WindowError } from '../errors.ts';
import { boundaryCoverage } from '../metrics/boundary-coverage.ts';
import { neuronCoverage } from '../metrics/neuron-coverage.ts';
import { stepwiseCoverage } from '../metrics/stepwise-coverage.ts';
import { temporalCoverage } from '../metrics/temporal-coverage.ts';
import { coverageProbe } from '../probe/probe.ts';
import { signalsOf } from './observe.ts';
import { changesOf, levelsOf, type Reading } from './reading.ts';
import { type Sequence, sequenceList } from './sequences.ts';

const floats = (count: number): Float32Array => random(2).fillUniform(new Float32Array(count * 5 * 3), -1, 1);
const training = { inputs: floats(20), inputShape: [5, 3] };
const stacked = (): Sequential =>
  new Sequential(
    [
      new GRU({ in: 3, hiddenSize: 4, layers: 2, bidirectional: true }),
      new LSTM({ in: 8, hiddenSize: 6, output: 'last' }),
      new Dense({ in: 6, out: 3 }),
    ],
    { seed: 4 },
  );

test('signals of all layers, directions, states and gates', () => {
  const signals = signalsOf(stacked(), sequenceList('test', training));
  const names = signals.map(({ name }) => name);
  for (const end of ['', 'Reverse', '1', 'Reverse1'])
    for (const name of ['hidden', 'gate.reset', 'gate.update', 'gate.candidate'])
      expect(names).toContain(`0.${name}${end}`);
  for (const name of ['hidden', 'cell', 'gate.input', 'gate.forget', 'gate.candidate', 'gate.output'])
    expect(signals).toContainEqual({ name: `1.${name}`, steps: 5, units: 6 });
  expect(names.length).toBe(4 * 4 + 6);
});

test('metrics on several signals of one pass', () => {
  const probe = coverageProbe(stacked(), {
    training,
    metrics: [
      boundaryCoverage(),
      boundaryCoverage({ signal: '1.cell' }),
      stepwiseCoverage({ signal: '1.gate.forget' }),
      temporalCoverage({ signal: '0.hiddenReverse1', segments: 2 }),
    ],
  });
  expect(probe.metrics.map(({ id, signal, aggregate }) => [id, signal, aggregate])).toEqual([
    ['bc', '1.hidden', 'net'],
    ['bc@1.cell', '1.cell', 'net'],
    ['sc@1.gate.forget', '1.gate.forget', 'mean'],
    ['tc@0.hiddenReverse1', '0.hiddenReverse1', 'net'],
  ]);
  // The constants are those of the same sequences: the extremes are reached.
  expect(probe.cover(training).of('bc').count).toBeGreaterThan(0);
});

describe('ξ is that of a trace', () => {
  const layer = new LSTM({ in: 3, hiddenSize: 4, bidirectional: true, seed: 2 });
  const net = new Sequential([layer, new Flatten(), new Dense({ in: 40, out: 2 })]);
  const probe = coverageProbe(net, {
    training,
    window: [1, 3],
    metrics: [
      stepwiseCoverage(),
      stepwiseCoverage({ signal: '0.hiddenReverse' }),
      stepwiseCoverage({ signal: '0.gate.inputReverse' }),
    ],
  });
  const shown = layer.trace(tensor(training.inputs.slice(0, 15), [1, 5, 3])) as unknown as Record<
    string,
    Tensor
  >;
  const sums = (name: string): number[] =>
    (((shown[name] as Tensor).toArray() as number[][][])[0] as number[][]).map((row) =>
      row.reduce((a, b) => a + b, 0),
    );
  const reading = (name: string): Reading =>
    probe.measure([{ values: training.inputs.slice(0, 15) }]).readings.get(name) as Reading;
  const near = (values: readonly number[]): unknown[] =>
    values.map((value) => expect.closeTo(Math.abs(value), 5));

  test('forwards, with the real state before the window', () => {
    const h = sums('hidden');
    expect([...levelsOf(reading('0.hidden'), 'net')]).toEqual(near(h.slice(1, 4)));
    expect([...changesOf(reading('0.hidden'), 'net')]).toEqual(
      near([1, 2, 3].map((t) => (h[t] as number) - (h[t - 1] as number))),
    );
  });

  test('backwards, where the step before is the next in the sequence', () => {
    const h = sums('hiddenReverse');
    expect([...changesOf(reading('0.hiddenReverse'), 'net')]).toEqual(
      near([1, 2, 3].map((t) => (h[t] as number) - (h[t + 1] as number))),
    );
  });

  test('gates as means', () => {
    const gates = sums('inputReverse').map((sum) => sum / 4);
    expect([...levelsOf(reading('0.gate.inputReverse'), 'mean')]).toEqual(near(gates.slice(1, 4)));
  });
});

describe('padding', () => {
  const tokens = (rows: readonly (readonly number[])[]): Int32Array => Int32Array.from(rows.flat());
  const net = (): Sequential =>
    new Sequential(
      [
        new Embedding({ in: 9, out: 3 }),
        new LSTM({ in: 3, hiddenSize: 4, output: 'last' }),
        new Dense({ in: 4, out: 2 }),
      ],
      { seed: 3 },
    );
  const levels = (row: readonly number[], length: number, options: object): number[] => {
    const probe = coverageProbe(net(), {
      training: {
        inputs: tokens([
          [1, 2, 3, 4, 5],
          [5, 4, 3, 2, 1],
        ]),
        inputShape: [5],
      },
      metrics: [boundaryCoverage(), stepwiseCoverage()],
      ...options,
    });
    const test: Sequence = { values: Int32Array.from(row), length };
    return [...levelsOf(probe.measure([test]).readings.get('1.hidden') as Reading, 'net')];
  };

  test('steps from the end are the last real words, wherever the padding stands', () => {
    const whole = levels([7, 8, 6, 0, 0], 3, {}).slice(0, 3);
    const after = levels([7, 8, 6, 0, 0], 3, { from: 'end', window: [0, 2] });
    const before = levels([0, 0, 7, 8, 6], 3, { from: 'end', window: [0, 2], padding: 'before' });
    expect(after).toEqual(whole);
    expect(before).toEqual(whole.map((value) => expect.closeTo(value, 6)));
  });

  test('padded steps are no steps', () => {
    expect(levels([7, 8, 6, 0, 0], 3, {}).slice(3)).toEqual([Number.NaN, Number.NaN]);
    expect(levels([7, 8, 6, 0, 0], 3, { from: 'end' }).slice(0, 2)).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('refused:', () => {
  const dense = new Sequential([new Flatten(), new Dense({ in: 15, out: 2 })]);
  const probe = () => coverageProbe(stacked(), { training });

  test('a model without a recurrent layer', () => {
    expect(() => coverageProbe(dense, { training })).toThrow(NoRecurrentLayerError);
    expect(() => coverageProbe(dense, { training })).toThrow('such as LSTM or GRU');
    expect(() => coverageProbe(3 as never, { training })).toThrow('a layer or a network');
  });

  test('a signal that it does not show', () => {
    const make = () =>
      coverageProbe(stacked(), { training, metrics: [boundaryCoverage({ signal: '1.gate.reset' })] });
    expect(make).toThrow('1.gate.forget');
  });

  test.each([
    [[3, 5], WindowError, 'within steps 0 to 4'],
    [[3, 2], WindowError, '[3, 2]'],
    [[1], Error, 'a list of 2 to 2 members'],
  ])('the window %j', (window, type, message) => {
    const make = () => coverageProbe(stacked(), { training, window });
    expect(make).toThrow(type);
    expect(make).toThrow(message);
  });

  test('no sequences, parts of sequences, numbers that are none', () => {
    for (const [inputs, message] of [
      [new Float32Array(0), 'at least one sequence'],
      [new Float32Array(20), 'at least one sequence'],
      [
        Float32Array.from({ length: 15 }, (_, k) => (k === 4 ? Number.NaN : 0)),
        'NaN in sequence 0, element 4',
      ],
    ] as const) {
      expect(() => probe().cover({ inputs, inputShape: [5, 3] })).toThrow(SequenceError);
      expect(() => probe().cover({ inputs, inputShape: [5, 3] })).toThrow(message);
    }
  });

  test('sequences without a real step, or with too many', () => {
    for (const lengths of [[0], [6], [1.5]])
      expect(() => probe().cover({ inputs: floats(1), inputShape: [5, 3], lengths })).toThrow(SequenceError);
    expect(() => probe().cover({ inputs: floats(2), inputShape: [5, 3], lengths: [1] })).toThrow('2 lengths');
  });

  test('tokens outside of the vocabulary', () => {
    const reader = new Sequential([
      new Masked([new Embedding({ in: 6, out: 2 }), new GRU({ in: 2, hiddenSize: 2, output: 'last' })]),
    ]);
    const texts = (...tokens: number[]) => ({ inputs: Int32Array.from(tokens), inputShape: [2] });
    const own = coverageProbe(reader, { training: texts(1, 2, 3, 4, 5, 0), metrics: [neuronCoverage()] });
    for (const token of [6, -1, 2 ** 31 - 1]) {
      expect(() => own.cover(texts(1, token))).toThrow(FunhashError);
      expect(() => own.cover(texts(1, token))).toThrow(String(token));
    }
  });

  test('training sequences that are all alike', () => {
    const alike = { inputs: new Float32Array(15), inputShape: [5, 3] };
    const still = new Sequential([
      new LSTM({ in: 3, hiddenSize: 2, bias: false, forgetBias: 0, output: 'last' }),
    ]);
    expect(() => coverageProbe(still, { training: alike })).toThrow('a signal that varies');
  });

  test('training sequences that do not reach the window', () => {
    const make = () =>
      coverageProbe(stacked(), { training: { ...training, lengths: Array(20).fill(2) }, window: [3, 4] });
    expect(make).toThrow('training sequences that reach the window');
  });

  test('a net that answers at every step', () => {
    const net = new Sequential([new LSTM({ in: 3, hiddenSize: 2 })]);
    expect(() => coverageProbe(net, { training })).toThrow("Give the recurrent layer output: 'last'");
  });

  test('options and metrics that do not exist', () => {
    expect(() => coverageProbe(stacked(), { training, windows: [0, 1] } as never)).toThrow(
      'did you mean window',
    );
    expect(() => boundaryCoverage({ treshold: 1 } as never)).toThrow('did you mean threshold');
    const request = { metric: 'bc', treshold: 1 };
    expect(() => coverageProbe(stacked(), { training, metrics: [request] })).toThrow(
      'did you mean threshold',
    );
    const twice = [boundaryCoverage(), boundaryCoverage({ threshold: 0.8 })];
    expect(() => coverageProbe(stacked(), { training, metrics: twice })).toThrow('bc twice');
    const long = [temporalCoverage({ segments: 6 })];
    expect(() => coverageProbe(stacked(), { training, metrics: long })).toThrow('segments up to the 5 steps');
  });
});
