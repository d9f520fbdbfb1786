import { Dense, hashedNet, Sequential } from '@funhash/layers';

// Saves two models by turns to one path, without end; with a number, so often.

const [path, times = 'Infinity'] = process.argv.slice(2) as [string, string?];
const models = [1, 2].map(
  (seed) =>
    new Sequential([new Dense({ in: 200, out: 300 * seed, weight: hashedNet({ ratio: 1 / 2 }) })], { seed }),
);
for (let time = 0; time < Number(times); time++) {
  await models[time % 2]?.save(path);
  if (time === 0) console.log('saved');
}
