import { random } from '@funhash/hashing';
import { Dense, Dropout, hashedNet, type Model, Sequential } from '@funhash/layers';
import { ones } from '@funhash/tensor';
import { fit } from './fit.ts';
import type { FitConfig, FitEvent } from './fit-config.ts';

/** Two spirals wound into each other, as many points a label. */
export function spirals(count: number, seed: number) {
  const draw = random(seed);
  const inputs = new Float32Array(2 * count);
  const labels = Int32Array.from({ length: count }, (_, k) => k % 2);
  labels.forEach((label, k) => {
    const radius = Math.sqrt(draw.uniform());
    const angle = 3 * Math.PI * radius + Math.PI * label;
    inputs[2 * k] = radius * Math.cos(angle) + 0.02 * draw.normal();
    inputs[2 * k + 1] = radius * Math.sin(angle) + 0.02 * draw.normal();
  });
  return { inputs, labels };
}

export const net = (seed = 1, width = 8): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: width, activation: 'relu', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dropout({ rate: 0.2 }),
      new Dense({ in: width, out: 2 }),
    ],
    { seed },
  );

/** The same net with other values. */
export function strange(): Sequential {
  const model = net();
  for (const parameter of model.parameters()) parameter.assign(ones(parameter.value.shape));
  return model;
}

export const data = spirals(60, 3);
export const base = (model: Model): FitConfig => ({ model, data, epochs: 6, batchSize: 25, seed: 5 });

export async function eventsOf(config: FitConfig): Promise<FitEvent[]> {
  const events: FitEvent[] = [];
  for await (const event of fit(config)) events.push(event);
  return events;
}

export const ofType = <T extends FitEvent['type']>(events: readonly FitEvent[], type: T) =>
  events.filter((event): event is Extract<FitEvent, { type: T }> => event.type === type);

export const withoutSpec = (model: Model): Model => ({
  forward: (x, pass) => model.forward(x, pass),
  namedParameters: () => model.namedParameters(),
});

export const withoutSeconds = ({ seconds: _, ...event }: Extract<FitEvent, { type: 'epoch' }>) => event;

export async function firstCheckpoint(config: FitConfig) {
  for await (const event of fit(config)) if (event.type === 'checkpoint') return event;
  throw new Error('no checkpoint');
}

export const bitsOf = (model: Model): number[][] =>
  [...model.namedParameters().values()].map(({ value }) => [
    ...new Uint32Array((value.dataSync() as Float32Array).buffer),
  ]);
