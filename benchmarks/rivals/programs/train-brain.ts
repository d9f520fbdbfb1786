import brain from 'brain.js';

const importedMs = performance.now();
const net = new brain.NeuralNetwork({ hiddenLayers: [100], activation: 'relu' });
const samples = Array.from({ length: 32 }, () => ({
  input: new Array(784).fill(0),
  output: new Array(10).fill(0),
}));
net.train(samples, { iterations: 1, errorThresh: 1e-12, learningRate: 0.01, momentum: 0.9 });
console.log(JSON.stringify({ importedMs, doneMs: performance.now() }));
