import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Activation } from './activation.ts';
import { type ActivationName, activations } from './activations.ts';
import fixtures from './dense.fixtures.json' with { type: 'json' };
import { Dense } from './dense.ts';

// They have specs of their own.
const quantizers: readonly ActivationName[] = ['sign', 'stochasticSign', 'byte'];

test.each(Object.keys(activations) as ActivationName[])('%s: as at the end of a Dense', (activation) => {
  const x = tensor([[-2, -0.5, 0, 0.5, 3]]);
  const plain = new Dense({ in: 5, out: 4 });
  const closed = new Dense({ in: 5, out: 4, activation });
  expect(new Activation(activation).forward(plain.forward(x)).toArray()).toEqual(closed.forward(x).toArray());
  if (!quantizers.includes(activation))
    expect(fixtures.plain.map((sample) => sample.activation)).toContain(activation);
});

test('an unknown one is refused by its name', () => {
  expect(() => new Activation('rleu' as ActivationName)).toThrow(ArgumentError);
  expect(() => new Activation('rleu' as ActivationName)).toThrow(/one of relu, .*, got rleu/);
});
