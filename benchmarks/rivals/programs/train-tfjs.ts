import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const importedMs = performance.now();
await tf.setBackend('wasm');
const net = tfl.sequential({
  layers: [
    tfl.layers.dense({ units: 100, inputShape: [784], activation: 'relu' }),
    tfl.layers.dense({ units: 10 }),
  ],
});
net.compile({
  optimizer: tf.train.momentum(0.01, 0.9),
  loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
});
await net.fit(tf.zeros([32, 784]), tf.zeros([32, 10]), {
  epochs: 1,
  batchSize: 32,
  verbose: 0,
  shuffle: true,
});
console.log(JSON.stringify({ importedMs, doneMs: performance.now() }));
