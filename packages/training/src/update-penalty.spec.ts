import { gradientsOf } from '@funhash/autodiff';
import { updateUnits } from '@funhash/codec/update';
import { Dense, hashedNet, Sequential } from '@funhash/layers';
import { scope, tensor, useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { fit } from './fit.ts';
import { eventsOf, firstCheckpoint, spirals } from './fit-runs.spec-kit.ts';
import { adam } from './optimizers/adam.ts';
import type { PenaltyPass } from './penalty.ts';
import { type UpdatePenaltyOptions, updatePenalty } from './update-penalty.ts';

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 6, activation: 'tanh', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dense({ in: 6, out: 2 }),
    ],
    { seed: 3 },
  );
const data = spirals(24, 4);
const numbersIn = (model: Sequential): number[][] =>
  model.parameters().map(({ value }) => [...value.dataSync()]);

/** Moves some values, and gives what each moved by in units of its tensor. */
function moved(model: Sequential): number[] {
  const units = updateUnits(
    new Map(
      [...model.namedParameters()].map(([name, { value }]) => [
        name,
        { shape: value.shape, data: value.dataSync().slice() as Float32Array },
      ]),
    ),
  );
  return [...model.namedParameters()].flatMap(([name, parameter], place) => {
    const before = parameter.value.dataSync().slice() as Float32Array;
    const after = before.map((x, i) => ((i + place) % 3 === 0 ? x + 0.1 * (i - 1.5) : x));
    const next = tensor(after, parameter.value.shape);
    parameter.assign(next);
    return [...after].map((x, i) => (x - (before[i] as number)) / (units.get(name) as number));
  });
}

function lossOf(model: Sequential, penalty: ReturnType<typeof updatePenalty>) {
  const parameters = new Map([...model.namedParameters()].map(([name, { value }]) => [name, value]));
  const pass = { parameters, step: 0, steps: 1 } as unknown as PenaltyPass;
  return scope(() => {
    const [loss, gradients] = gradientsOf(() => penalty.loss(pass), [...parameters.values()]);
    return { loss: loss.item(), gradients: gradients.flatMap((gradient) => [...gradient.dataSync()]) };
  });
}

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test.each<[UpdatePenaltyOptions, (l1: number, squares: number, deltas: readonly number[]) => number]>([
    [{ weight: 0.5 }, (l1) => 0.5 * l1],
    [{ weight: 0.5, objective: 'l1' }, (l1) => 0.5 * l1],
    [
      { weight: 2, objective: 'compressibility', gamma: 3 },
      (l1, squares) => 2 * (l1 / Math.sqrt(squares) + (3 * squares) / l1),
    ],
    [
      { weight: 2, objective: 'rate', step: 0.5 },
      (_, __, deltas) => deltas.reduce((bits, x) => bits + 2 * Math.log2(1 + 2 * Math.abs(x)), 0),
    ],
  ])(
    '%o is the formula of the difference, and 0 with finite gradients where there is none',
    (options, formula) => {
      const model = net();
      const penalty = updatePenalty(model, options);
      const start = lossOf(model, penalty);
      expect(start.loss).toBe(0);
      expect(start.gradients.every((x) => x === 0)).toBe(true);
      const deltas = moved(model);
      const l1 = deltas.reduce((total, x) => total + Math.abs(x), 0);
      const squares = deltas.reduce((total, x) => total + x * x, 0);
      const { loss } = lossOf(model, penalty);
      expect(Math.abs(loss / formula(l1, squares, deltas) - 1)).toBeLessThan(2e-5);
    },
  );

  test('keeps values near those of the base, and a resumed run has its base', async () => {
    const rest = { data, epochs: 6, batchSize: 8, seed: 1, optimizer: adam({ learningRate: 0.01 }) };
    const apart = async (weight: number): Promise<number> => {
      const model = net();
      const before = numbersIn(model).flat();
      await fit({ ...rest, model, penalty: updatePenalty(model, { weight }) });
      return numbersIn(model)
        .flat()
        .filter((x, i) => Math.abs(x - (before[i] as number)) > 0.02).length;
    };
    expect(await apart(1)).toBeLessThan((await apart(0)) / 4);
    const [straight, stopped, resumed] = [net(), net(), net()];
    const options = { weight: 0.05, objective: 'compressibility' } as const;
    await eventsOf({ ...rest, model: straight, penalty: updatePenalty(straight, options) });
    const { bytes } = await firstCheckpoint({
      ...rest,
      model: stopped,
      penalty: updatePenalty(stopped, options),
      checkpoint: { everySteps: 4 },
    });
    // The model of another start: the base is that of the checkpoint.
    moved(resumed);
    await eventsOf({ ...rest, model: resumed, penalty: updatePenalty(resumed, options), resume: bytes });
    expect(numbersIn(resumed)).toEqual(numbersIn(straight));
  });
});
