import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import { currentBackend, isFloat, scope, type Tensor, tensor, useBackend } from '@funhash/tensor';
import { fail, type Subject } from './law-subject.ts';

/** Runs a check on the reference backend, which alone computes in f64. */
export async function onReference(check: () => void): Promise<void> {
  const before = currentBackend();
  await useBackend('reference');
  try {
    check();
  } finally {
    await useBackend(before);
  }
}

const step = 1e-6;
const directions = 3;

/** Derivatives along random directions, by central differences: of the input, and of each parameter. */
export function checkGradients(subject: Subject): void {
  const layer = subject.used('f64');
  const x = subject.x('f64');
  const parameters = [...layer.namedParameters()];
  const isReal = isFloat(x.dtype);
  const weights = scope(() => {
    const y = layer.forward(x, subject.training());
    return tensor(random(3).fillUniform(new Float64Array(y.size), 0.5, 1.5), y.shape);
  });
  const objective = (at: Tensor): Tensor => sum(multiply(layer.forward(at, subject.training()), weights));
  const places = [
    ...(isReal ? [['the input', x] as const] : []),
    ...parameters.map(([name, { value }]) => [name, value] as const),
  ];
  if (places.length === 0) return;
  const [, gradients] = gradientsOf(
    () => objective(x),
    places.map(([, value]) => value),
  );
  const source = random(4);
  places.forEach(([name, value], k) => {
    const gradient = (gradients[k] as Tensor).dataSync();
    const start = Float64Array.from(value.dataSync());
    for (let direction = 0; direction < directions; direction++) {
      const along = source.fillNormal(new Float64Array(start.length));
      const at = (delta: number): number =>
        scope(() => {
          const moved = tensor(
            start.map((each, i) => each + delta * (along[i] as number)),
            value.shape,
          );
          if (value === x) return objective(moved).item();
          const parameter = parameters.find(([, own]) => own.value === value)?.[1];
          parameter?.assign(moved);
          return objective(x).item();
        });
      const difference = (at(step) - at(-step)) / (2 * step);
      at(0);
      const slope = gradient.reduce(
        (total: number, each: number, i: number) => total + each * (along[i] as number),
        0,
      );
      const size = Math.max(1, Math.abs(difference));
      if (!(Math.abs(difference - slope) <= 1e-5 * size))
        fail(`derivative by ${name}`, String(difference), String(slope));
    }
  });
}
