import { scope, tensor, useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { packedLayers } from '../binary.ts';
import cases from './earlier-files.fixtures.json' with { type: 'json' };
import { load } from './load.ts';

// Files of version 0.0.0 at 168145e, and what their models answered on the reference backend.
const names = cases.map(({ name }) => name);
const caseOf = (name: string) => {
  const { file, input, output } = cases.find((each) => each.name === name) as (typeof cases)[number];
  return { bytes: Buffer.from(file, 'base64'), input, output };
};

beforeAll(async () => void (await useBackend('reference')));

// tanh of that version had an error of 1.3e-6 in f32, which the logistic function and all that is made of it inherited.
const ofTanh =
  /^(activation (gelu|silu|sigmoid|softplus|tanh)|conv1d|layerNorm|lstm.*|sequential|a layer in two.*|scheme funHash.*)$/;

describe('files of earlier versions', () => {
  test.each(names)('%s: the same answers, bit for bit or as near as tanh was', async (name) => {
    const { bytes, input, output } = caseOf(name);
    const model = await load(bytes, { layers: packedLayers });
    scope(() => {
      const y = model.forward(tensor(Float32Array.from(input.values), input.shape));
      expect(y.shape).toEqual(output.shape);
      const answers = Float32Array.from(y.dataSync());
      if (!ofTanh.test(name)) return expect([...new Int32Array(answers.buffer)]).toEqual(output.bits);
      const earlier = new Float32Array(Int32Array.from(output.bits).buffer);
      const size = earlier.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      answers.forEach((value, i) => {
        expect(Math.abs(value - (earlier[i] as number))).toBeLessThanOrEqual(1e-5 * size);
      });
    });
  });

  // What is written is what an earlier version reads.
  test.each(names.filter((name) => !/stored as|compressed|format for each/.test(name)))(
    '%s: written again as it was, byte for byte',
    async (name) => {
      const { bytes } = caseOf(name);
      const model = await load(bytes, { layers: packedLayers });
      expect(Buffer.from(await model.toBytes({ latent: true })).equals(bytes)).toBe(true);
    },
  );
});
