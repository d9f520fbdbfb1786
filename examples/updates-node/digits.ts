import { datasets, type ImageDataset, subset } from '@funhash/datasets';

export interface Digits {
  readonly count: number;
  readonly inputs: Uint8Array;
  readonly labels: Uint8Array | Int32Array;
  readonly inputShape: readonly number[];
}

/** Handwritten digits of MNIST: to train a base, to tune it, to choose by, to judge by. */
export async function digits(): Promise<
  Readonly<Record<'base' | 'tuning' | 'choosing' | 'rest' | 'test', Digits>>
> {
  const { train, test } = (await datasets.mnist()) as ImageDataset;
  const part = (from: number, count: number): Digits => ({
    ...(subset(
      train,
      Int32Array.from({ length: count }, (_, k) => from + k),
    ) as Omit<Digits, 'inputShape'>),
    inputShape: [28, 28, 1],
  });
  return {
    base: part(0, 20_000),
    tuning: part(20_000, 5000),
    choosing: part(25_000, 2500),
    rest: part(25_000, 35_000),
    test: { ...(test as Omit<Digits, 'inputShape'>), inputShape: [28, 28, 1] },
  };
}

/** Digits turned about the centre, counter-clockwise, bilinear. */
export function turned({ inputs, ...rest }: Digits, degrees: number): Digits {
  const side = 28;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const result = new Uint8Array(inputs.length);
  const at = (image: number, x: number, y: number): number =>
    x < 0 || y < 0 || x >= side || y >= side ? 0 : (inputs[image + y * side + x] as number);
  for (let image = 0; image < inputs.length; image += side * side)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const [dx, dy] = [x - 13.5, y - 13.5];
        const [fromX, fromY] = [cos * dx - sin * dy + 13.5, sin * dx + cos * dy + 13.5];
        const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
        const [right, low] = [fromX - left, fromY - top];
        result[image + y * side + x] = Math.round(
          (1 - low) * ((1 - right) * at(image, left, top) + right * at(image, left + 1, top)) +
            low * ((1 - right) * at(image, left, top + 1) + right * at(image, left + 1, top + 1)),
        );
      }
  return { ...rest, inputs: result };
}
