// Two spirals, told apart by a network whose hidden matrix stores one value for eight entries.
import { spirals } from '@funhash/datasets';
import { Dense, funHash, Sequential } from '@funhash/layers';
import { adam, errorRate, type FitEvent, fit } from '@funhash/training';

export const data = spirals(1000, 1);

export function build(): Sequential {
  return new Sequential([
    new Dense({ in: 2, out: 64, activation: 'tanh' }),
    new Dense({ in: 64, out: 64, activation: 'tanh', weight: funHash({ ratio: 1 / 8 }) }),
    new Dense({ in: 64, out: 2 }),
  ]);
}

export function train(model: Sequential): AsyncIterable<FitEvent<{ errorRate: typeof errorRate }>> {
  return fit({
    model,
    data,
    validation: 0.2,
    epochs: 60,
    batchSize: 20,
    optimizer: adam({ learningRate: 0.01 }),
    metrics: { errorRate },
  });
}
