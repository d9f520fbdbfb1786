import { add, gradientsOf, multiply, sum } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import { hashedNet, kronecker, lowRank, tensorTrain, type WeightRequest } from '@funhash/space';
import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { load } from '../model-file/load.ts';
import fixtures from './lstm.fixtures.json' with { type: 'json' };
import { LSTM, type LstmOptions } from './lstm.ts';

type Case = (typeof fixtures)[number];

const closeTo = (actual: Tensor | undefined, expected: readonly number[], what: string): void => {
  const values = actual?.dataSync() ?? [];
  expect(values.length, what).toBe(expected.length);
  expected.forEach((wanted, k) => {
    const off = Math.abs((values[k] as number) - wanted);
    expect(off, `${what}, element ${k}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(wanted)));
  });
};

function ofPyTorch({ width, out, v, u, bias }: Case, more: Partial<LstmOptions> = {}): LSTM {
  const layer = new LSTM({ in: width, hiddenSize: out, forgetBias: 0, ...more });
  const assign = (name: string, values: readonly number[]): void => {
    const parameter = layer.namedParameters().get(name);
    parameter?.assign(tensor(Float32Array.from(values), parameter.value.shape));
  };
  assign('input.weight.w', v);
  assign('input.bias', bias);
  assign('recurrent.weight.w', u);
  return layer;
}

describe.each(fixtures)('as PyTorch: $batch sequences, $steps steps of $width, state $out', (sample) => {
  const { batch, steps, width, out } = sample;
  const x = tensor(Float32Array.from(sample.x), [batch, steps, width]);
  const start = {
    hidden: tensor(Float32Array.from(sample.hidden), [batch, out]),
    cell: tensor(Float32Array.from(sample.cell), [batch, out]),
  };

  test('outputs, from zeros and from a state', () => {
    const layer = ofPyTorch(sample);
    closeTo(layer.forward(x), sample.fromZeros, 'from zeros');
    const { sequence, hidden, cell } = layer.continue(x, start);
    closeTo(sequence, sample.y, 'sequence');
    closeTo(hidden, sample.last, 'hidden');
    closeTo(cell, sample.end, 'cell');
  });

  test('gradients through time', () => {
    const layer = ofPyTorch(sample);
    const named = layer.namedParameters();
    const values = ['input.weight.w', 'recurrent.weight.w', 'input.bias'].map(
      (name) => named.get(name)?.value as Tensor,
    );
    const [, gradients] = gradientsOf(() => {
      const { sequence, cell } = layer.continue(x, start);
      const along = tensor(Float32Array.from(sample.along), sequence.shape);
      const ending = tensor(Float32Array.from(sample.ending), cell.shape);
      return add(sum(multiply(sequence, along)), sum(multiply(cell, ending)));
    }, [x, start.hidden, start.cell, ...values]);
    const wanted = [sample.dx, sample.dHidden, sample.dCell, sample.dV, sample.dU, sample.dBias];
    wanted.forEach((values, k) => {
      closeTo(gradients[k], values, `gradient ${k}`);
    });
  });
});

const normal = (shape: readonly number[], seed = 1): Tensor => {
  const draw = random(seed);
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.normal()),
    shape,
  );
};

const layer = (more: Partial<LstmOptions> = {}): LSTM => new LSTM({ in: 3, hiddenSize: 4, seed: 5, ...more });

test('the last output is the end of the sequence', () => {
  const x = normal([2, 6, 3]);
  const all = layer().forward(x).toArray() as number[][][];
  expect(layer({ output: 'last' }).forward(x).toArray()).toEqual(all.map((steps) => steps.at(-1)));
});

test('a sequence in two parts ends where the whole does', () => {
  const x = normal([2, 5, 3]);
  const rows = x.toArray() as number[][][];
  const part = (from: number, end: number): Tensor => tensor(rows.map((steps) => steps.slice(from, end)));
  const whole = layer().continue(x);
  const rest = layer().continue(part(2, 5), layer().continue(part(0, 2)));
  closeTo(rest.hidden, [...whole.hidden.dataSync()], 'hidden');
  closeTo(rest.cell, [...whole.cell.dataSync()], 'cell');
});

test('sequences of a batch do not touch each other', () => {
  const x = normal([3, 4, 3]);
  const rows = x.toArray() as number[][][];
  const together = layer().forward(x).toArray() as number[][][];
  rows.forEach((steps, k) => {
    closeTo(layer().forward(tensor([steps])), (together[k] as number[][]).flat(), `sequence ${k}`);
  });
});

test('a trace shows gates and states that are those of the pass', () => {
  const x = normal([2, 5, 3]);
  const lstm = layer();
  const traced = lstm.trace(x);
  expect(traced.hidden.toArray()).toEqual(lstm.forward(x).toArray());
  const at = Object.fromEntries(
    Object.entries(traced).map(([name, values]) => [name, [...(values as Tensor).dataSync()]]),
  ) as Record<keyof typeof traced, number[]>;
  const [out, steps] = [4, 5];
  at.cell.forEach((cell, k) => {
    const before = Math.floor(k / out) % steps === 0 ? 0 : (at.cell[k - out] as number);
    const [i, f, g, o] = [at.input[k], at.forget[k], at.candidate[k], at.output[k]] as number[];
    expect(cell).toBeCloseTo((f as number) * before + (i as number) * (g as number), 5);
    expect(at.hidden[k]).toBeCloseTo((o as number) * Math.tanh(cell), 5);
    for (const gate of [i, f, o] as number[]) expect(gate > 0 && gate < 1).toBe(true);
  });
});

test('the forget gate starts open', () => {
  const mean = (values: Tensor): number =>
    values.dataSync().reduce((sum: number, x: number) => sum + x, 0) / values.size;
  const x = normal([8, 6, 3]);
  expect(mean(layer().trace(x).forget)).toBeGreaterThan(0.65);
  expect(mean(layer({ forgetBias: 0 }).trace(x).forget)).toBeLessThan(0.6);
});

const compressed: Record<string, WeightRequest> = {
  hashedNet: hashedNet({ ratio: 1 / 4 }),
  'hashedNet, decoded once a step': hashedNet({ ratio: 1 / 4, policy: 'step' }),
  lowRank: lowRank({ rank: 2 }),
  tensorTrain: tensorTrain({ ranks: 2 }),
  kronecker: kronecker({ terms: 2 }),
};

describe.each(Object.entries(compressed))('%s', (_, weight) => {
  const make = (): LSTM => new LSTM({ in: 6, hiddenSize: 4, seed: 2, weight });
  const x = normal([2, 3, 6]);

  test('equals the layer with its matrices written out', () => {
    const lstm = make();
    const plain = new LSTM({ in: 6, hiddenSize: 4 });
    for (const part of ['input', 'recurrent'] as const)
      plain.part()[part].weight.parameters[0]?.assign(lstm.part()[part].weight.decode());
    closeTo(lstm.forward(x), [...plain.forward(x).dataSync()], 'outputs');
    expect(lstm.part().recurrent.weight.storedCount).toBeLessThan(plain.part().recurrent.weight.storedCount);
  });

  test('all stored values get a gradient', () => {
    const lstm = make();
    const parameters = lstm.parameters();
    const [, gradients] = gradientsOf(
      () => sum(lstm.forward(x)),
      parameters.map(({ value }) => value),
    );
    for (const gradient of gradients) expect(gradient?.dataSync().some((g) => g !== 0)).toBe(true);
  });

  test('comes back from a file', async () => {
    const model = new Sequential([
      make(),
      new LSTM({ in: 4, hiddenSize: 3, output: 'last', forgetBias: 0.5 }),
    ]);
    const loaded = await load(await model.toBytes());
    expect(loaded.forward(x).toArray()).toEqual(model.forward(x).toArray());
    expect(loaded.summary().toString()).toBe(model.summary().toString());
  });
});

describe('refused:', () => {
  test.each([
    [[2, 3], '[B, T, 3]'],
    [[2, 0, 3], 'T at least 1'],
    [[2, 4, 5], '[2, 4, 5]'],
  ])('an input of shape %j', (shape, message) => {
    const forward = (): Tensor =>
      layer().forward(tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape));
    expect(forward).toThrow(ShapeError);
    expect(forward).toThrow(message);
  });

  test('a state of another batch', () => {
    const x = normal([2, 4, 3]);
    expect(() => layer().continue(x, layer().start(normal([3, 1, 3])))).toThrow('a state of shape [2, 4]');
  });

  test.each([
    [{ in: 0 }, 'in: a whole number'],
    [{ hiddenSize: 1.5 }, 'hiddenSize: a whole number'],
    [{ output: 'first' as 'last' }, 'output: one of sequence, last'],
    [{ forgetBias: Number.NaN }, 'forgetBias: a finite number'],
  ])('options %j', (more, message) => {
    expect(() => layer(more)).toThrow(message);
  });

  test('parts of other widths, as a damaged file may have them', () => {
    const [input, recurrent] = [new Dense({ in: 3, out: 16 }), new Dense({ in: 4, out: 12 })];
    expect(() => new LSTM({ in: 3, hiddenSize: 4 }, () => Object.entries({ input, recurrent }))).toThrow(
      'from 4 to 16 as recurrent',
    );
  });
});
