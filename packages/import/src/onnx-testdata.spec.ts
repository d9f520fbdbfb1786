import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ImportError } from './import-error.ts';
import { hasTestdata, judged, opsOf, type TestModel, testModels } from './onnx-testdata.spec-kit.ts';

/** Ops of which every model must be right. */
const complete = [
  ...['Conv', 'Gemm', 'LSTM', 'GRU', 'RNN', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'],
  ...['MatMul', 'LayerNormalization', 'InstanceNormalization', 'Flatten', 'Reshape', 'Concat', 'Transpose'],
];

/** Models of these ops that are refused, or whose files say something else, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'node/test_maxpool_with_argmax_2d_precomputed_pads': 'it gives indices',
  'node/test_maxpool_with_argmax_2d_precomputed_strides': 'it gives indices',
};

/** Files whose outputs are no judge here. */
const others: Readonly<Record<string, string>> = {
  'node/test_resize_downsample_scales_cubic_align_corners':
    'a scale that is no ratio of whole extents, as ONNX 1.12 had it',
  'node/test_resize_downsample_scales_linear_align_corners':
    'a scale that is no ratio of whole extents, as ONNX 1.12 had it',
  'pytorch-operator/test_operator_add_broadcast': 'numbers beyond f32',
  'pytorch-operator/test_operator_add_size1_right_broadcast': 'numbers beyond f32',
  'pytorch-operator/test_operator_add_size1_singleton_broadcast': 'numbers beyond f32',
  'pytorch-operator/test_operator_addconstant': 'numbers beyond f32',
};

type Verdict = 'right' | 'wrong' | 'refused';

function verdictOf(model: TestModel): Verdict {
  try {
    return judged(model) <= 1e-4 ? 'right' : 'wrong';
  } catch (error) {
    if (error instanceof ImportError) return 'refused';
    throw new Error(model.name, { cause: error });
  }
}

describe.skipIf(!hasTestdata)("the test models of ONNX (Debian's libonnx-testdata)", () => {
  test('outputs are those of the files, or the model is refused by name', () => {
    const rightByOp = new Map<string, number>();
    const counts = { right: 0, wrong: 0, refused: 0 };
    const faults: string[] = [];
    for (const model of testModels()) {
      const ops = opsOf(readFileSync(join(model.folder, 'model.onnx')));
      // Conversions to types of 16 bits round, here all is f32; a model without inputs is no network.
      if (ops.some((op) => op.startsWith('Cast')) || model.name === 'node/test_constant') continue;
      const verdict = verdictOf(model);
      counts[verdict]++;
      if (verdict === 'right') for (const op of ops) rightByOp.set(op, (rightByOp.get(op) ?? 0) + 1);
      const isComplete = ops.length <= 4 && complete.some((op) => ops[0] === op);
      if (verdict === 'wrong' && !others[model.name]) faults.push(model.name);
      if (verdict === 'refused' && isComplete && !exceptions[model.name]) faults.push(model.name);
    }
    expect(faults).toEqual([]);
    expect(counts.right).toBeGreaterThanOrEqual(620);
    for (const op of complete) expect(rightByOp.get(op), op).toBeGreaterThan(0);
    expect(rightByOp.get('Conv')).toBeGreaterThanOrEqual(33);
    expect([rightByOp.get('LSTM'), rightByOp.get('GRU')]).toEqual([4, 4]);
    if (process.env.COUNTS)
      console.log(counts, Object.fromEntries([...rightByOp].sort(([, a], [, b]) => b - a)));
  });
});
