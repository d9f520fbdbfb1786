// XOR by a network whose hidden weights are decoded from half as many stored values.
import { argMax, Dense, funHash, Sequential, tensor } from '@funhash/layers';
import { fit } from '@funhash/training';

const inputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const model = new Sequential([
  new Dense({ in: 2, out: 32, activation: 'tanh', weight: funHash({ ratio: 1 / 2 }) }),
  new Dense({ in: 32, out: 2, weight: funHash({ ratio: 1 / 2 }) }),
]);
console.log(String(model.summary()));
for await (const event of fit({ model, data: { inputs, labels: [0, 1, 1, 0] }, epochs: 20 }))
  if (event.type === 'epoch' && event.epoch % 10 === 0)
    console.log(`epoch ${event.epoch}: loss ${event.loss.toFixed(4)}`);
console.log('answers', argMax(model.forward(tensor(inputs))).toArray());
