// brain.js trains example by example: a step over a batch is one pass over its examples, with squared error.
import brain from 'brain.js';
import { labels, oneHot, uniform } from '../src/data.ts';
import { learningRate, momentum, notOffered, type Ready, type Runner, type TaskOf } from '../src/task.ts';

export async function createRunner(): Promise<Runner> {
  return {
    prepare: (task) => {
      if (task.kind !== 'step' || task.weight) throw notOffered('brain.js', task);
      return step(task);
    },
    memoryBytes: () => ({}),
  };
}

function step({ widths, batch }: TaskOf<'step'>): Ready {
  const [width, classes] = [widths[0] as number, widths.at(-1) as number];
  const net = new brain.NeuralNetwork({ hiddenLayers: widths.slice(1, -1), activation: 'relu' });
  const [x, y] = [uniform(batch * width), oneHot(labels(batch, classes), classes)];
  const samples = Array.from({ length: batch }, (_, k) => ({
    input: Array.from(x.subarray(k * width, (k + 1) * width)),
    output: Array.from(y.subarray(k * classes, (k + 1) * classes)),
  }));
  return { run: () => net.train(samples, { iterations: 1, errorThresh: 1e-12, learningRate, momentum }) };
}
