import { defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';

const importedMs = performance.now();
await init('wasm');
defaultDevice('wasm');
const shapes = [[784, 100], [100], [100, 10], [10]];
const values = shapes.map((shape) => np.zeros(shape));
const loss = (v: JaxArray[], x: JaxArray, y: JaxArray): JaxArray => {
  const h = nn.relu(np.matmul(x, v[0] as JaxArray).add(v[1] as JaxArray));
  const z = np.matmul(h, v[2] as JaxArray).add(v[3] as JaxArray);
  return nn.logSoftmax(z).mul(y).sum(-1).mean().mul(-1);
};
const step = jit((v: JaxArray[], x: JaxArray, y: JaxArray): [JaxArray, JaxArray[]] => {
  const [value, gradients] = valueAndGrad(loss)(
    v.map((one) => one.ref),
    x,
    y,
  );
  return [value, v.map((one, k) => one.sub((gradients[k] as JaxArray).mul(0.01)))];
});
const [value] = step(values, np.zeros([32, 784]), np.zeros([32, 10]));
await value.data();
console.log(JSON.stringify({ importedMs, doneMs: performance.now() }));
