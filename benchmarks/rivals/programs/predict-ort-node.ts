import * as ort from 'onnxruntime-node';
import { matMulModel } from '../onnx-model.ts';

const importedMs = performance.now();
const model = matMulModel(32, 784, 100, new Float32Array(78_400));
const session = await ort.InferenceSession.create(model, {
  executionProviders: ['cpu'],
});
await session.run({ a: new ort.Tensor('float32', new Float32Array(32 * 784), [32, 784]) });
console.log(JSON.stringify({ importedMs, doneMs: performance.now() }));
