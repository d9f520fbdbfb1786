import type { Dataset } from '@funhash/datasets';
import { load, type Module } from '@funhash/layers';
import { packedLayers } from '@funhash/layers/binary';
import { type Examples, type FitConfig, predict } from '@funhash/training';
import { SpecError } from '../errors.ts';
import type { TeacherSpec } from '../spec/run-spec.ts';
import { bytesNamed } from './net-of.ts';

/** A trained net that says what another one learns besides the labels. */
export interface Teacher {
  /** Data of `fit` with probabilities of classes instead of labels. */
  taught(data: FitConfig['data']): Promise<FitConfig['data']>;
  dispose(): void;
}

/**
 * A teacher of a run of classes: targets become (1 − share) · label + share · softmax(its outputs), for each image as the
 * net sees it (Hinton et al. 2015, at temperature 1).
 *
 * @throws SpecError where the file is not the one of the spec, its outputs are not those classes, or nothing is classified
 */
export async function teacherOf(
  own: TeacherSpec,
  { classes, name }: Pick<Dataset, 'classes' | 'name'>,
  lossName: string,
): Promise<Teacher> {
  const { file, share } = own;
  const operation = `teacher ${file}`;
  if (classes === undefined || lossName !== 'softmaxCrossEntropy')
    throw new SpecError({
      operation,
      expected: 'a run of classes, by softmaxCrossEntropy',
      actual: classes === undefined ? `${name}, of which numbers are to be found` : lossName,
    });
  const bytes = await bytesNamed(operation, own);
  const net: Module = await load(bytes, { layers: packedLayers });
  const taught = async ({ labels, ...examples }: Examples): Promise<Examples> => {
    const { inputs, inputShape } = examples;
    const given = labels as ArrayLike<number>;
    const { shape, data } = await predict(net, inputs, {
      count: given.length,
      ...(inputShape && { inputShape }),
    });
    if (shape.length !== 2 || shape[1] !== classes)
      throw new SpecError({
        operation,
        expected: `outputs [N, ${classes}], one for each class of ${name}`,
        actual: `[${shape}]`,
      });
    return { ...examples, count: given.length, targets: mixed(data, given, classes, share) };
  };
  return {
    taught: async (data) =>
      typeof data === 'function'
        ? async function* (epoch) {
            for await (const examples of data(epoch)) yield taught(examples);
          }
        : taught(data),
    dispose: () => net.dispose(),
  };
}

/** Probabilities [N, classes]: labels and the softmax of scores, by shares. */
function mixed(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  share: number,
): Float32Array {
  const out = new Float32Array(labels.length * classes);
  for (let k = 0; k < labels.length; k++) {
    const row = Array.from({ length: classes }, (_, c) => scores[k * classes + c] as number);
    const most = row.reduce((largest, score) => Math.max(largest, score), Number.NEGATIVE_INFINITY);
    const powers = row.map((score) => Math.exp(score - most));
    const sum = powers.reduce((total, power) => total + power, 0);
    for (const [c, power] of powers.entries()) out[k * classes + c] = (share * power) / sum;
    const own = k * classes + (labels[k] as number);
    out[own] = (out[own] as number) + 1 - share;
  }
  return out;
}
