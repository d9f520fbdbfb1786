import { parentPort, workerData } from 'node:worker_threads';
import {
  buildNet,
  chooseBackend,
  drawSplits,
  optimizerOf,
  trainingData,
  type WorkerMessage,
} from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { Dense, load, type Sequential, scope, tensor } from '@funhash/layers';
import { DivergedError, errorRate, fit, predict } from '@funhash/training';
import type {
  ArmContext,
  ArmEvent,
  ArmJob,
  ArmResult,
  EpochRecord,
  Mistake,
  TrainResult,
  Verdict,
} from './arm-job.ts';

const context = workerData as ArmContext;
const port = parentPort as NonNullable<typeof parentPort>;
const ready = chooseBackend(context.config.backend);

const post = (message: WorkerMessage<ArmEvent, ArmResult>): void => port.postMessage(message);

port.on('message', (job: ArmJob) => {
  void (async () => {
    await ready;
    try {
      post({ type: 'done', result: job.type === 'train' ? await train(job) : await judge(job) });
    } catch (error) {
      const details = error instanceof FunhashError ? error.details : undefined;
      post({ type: 'failed', error: error as Error, details });
    }
  })();
});

async function train({ arm, seed, learningRate }: ArmJob & { type: 'train' }): Promise<TrainResult> {
  const { pool, config } = context;
  const { train: data, validation } = drawSplits(pool, config, seed);
  const dropout = arm.takesDropout ? config.dropout : 0;
  const net = buildNet({ ...config, ...arm, dropout, seed });
  const { fields } = await trainingData(data, context, { ...config, seed });
  const epochs: EpochRecord[] = [];
  let steps = 0;
  try {
    for await (const event of fit({
      model: net,
      ...fields,
      validation,
      epochs: config.epochs,
      batchSize: config.batchSize,
      metrics: { errorRate },
      seed,
      reportEverySteps: 5,
      ...optimizerOf({ optimizer: 'adam', learningRate, relativeStep: true }),
    })) {
      if (event.type === 'start') steps = event.steps ?? 0;
      if (event.type === 'step')
        post({ type: 'event', event: { type: 'step', step: event.step, steps, loss: event.loss } });
      if (event.type === 'epoch') {
        const record: EpochRecord = {
          epoch: event.epoch,
          loss: event.loss,
          validationLoss: event.validation?.loss ?? Number.NaN,
          validationError: event.validation?.errorRate ?? Number.NaN,
          seconds: event.seconds,
        };
        epochs.push(record);
        post({ type: 'event', event: { type: 'epoch', record } });
      }
    }
  } catch (error) {
    if (error instanceof DivergedError) return { type: 'diverged', message: error.message, epochs };
    throw error;
  }
  return { type: 'trained', epochs, model: await net.toBytes() };
}

const mostMistakes = 24;
const shownUnits = 12;

async function judge({ model, hasPictures }: ArmJob & { type: 'judge' }): Promise<Verdict> {
  const { test } = context;
  const net = await load(model);
  const outputs = await predict(net, test.inputs, { count: test.count });
  const classes = outputs.shape[1] as number;
  const mistakes: Mistake[] = [];
  for (let index = 0; index < test.count; index++) {
    const scores = Array.from(outputs.data.subarray(index * classes, (index + 1) * classes));
    const predicted = scores.indexOf(Math.max(...scores));
    const label = test.labels[index] as number;
    if (predicted === label) continue;
    const best = scores[predicted] as number;
    const probability = 1 / scores.reduce((sum, score) => sum + Math.exp(score - best), 0);
    mistakes.push({ index, label, predicted, probability });
  }
  const testError = mistakes.length / test.count;
  mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index);
  return {
    type: 'judged',
    testError,
    mistakes: hasPictures ? mistakes.slice(0, mostMistakes) : [],
    units: hasPictures ? await unitsOf(net as Sequential) : [],
  };
}

async function unitsOf(net: Sequential): Promise<Float32Array[]> {
  const [first] = net.layers;
  if (!(first instanceof Dense)) return [];
  const { weight } = first;
  const count = Math.min(shownUnits, weight.rows);
  const rows = scope(() => weight.rowsAt(tensor(Int32Array.from({ length: count }, (_, k) => k))));
  const values = Float32Array.from(await rows.data());
  rows.dispose();
  return Array.from({ length: count }, (_, k) => values.slice(k * weight.cols, (k + 1) * weight.cols));
}
