import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeIdx } from '@funhash/datasets';
import { Dense, Flatten, Sequential } from '@funhash/layers';
import { changedIdx } from '../changes/idx.ts';
import { changedJson } from '../changes/json.ts';
import { changedPng } from '../changes/png.ts';
import { runCommand } from '../command.ts';
import type { Parser } from '../parser.ts';
import { pictures } from './png.ts';

/** What `funhash predict` is given, for a net of 6 × 6 pixels. */
function predicting(name: string, samples: () => readonly Uint8Array[], change: Parser['change']): Parser {
  return {
    name: `predict-${name}`,
    share: 2,
    samples: async () => samples(),
    change,
    read: async (input, folder) => {
      const [model, path] = [join(folder, 'predict.safetensors'), join(folder, 'input')];
      if (!existsSync(model)) {
        const net = new Sequential([new Flatten(), new Dense({ in: 36, out: 3 })]);
        net.signature = { input: [6, 6, 1] };
        writeFileSync(model, await net.toBytes());
      }
      writeFileSync(path, input);
      await runCommand(['predict', '--model', model, '--input', path]);
    },
  };
}

const row = Array.from({ length: 36 }, (_, k) => k / 36);
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const changedText: Parser['change'] = (sample, draw) =>
  new TextEncoder().encode(changedJson(new TextDecoder().decode(sample), draw));

export const predictJson = predicting(
  'json',
  () => [
    text(row),
    text([row, row]),
    text([Array.from({ length: 6 }, (_, k) => row.slice(6 * k, 6 * k + 6))]),
  ],
  changedText,
);

export const predictPng = predicting('png', () => pictures(6), changedPng);

export const predictIdx = predicting(
  'idx',
  () => [
    encodeIdx({ dtype: 'u8', shape: [2, 6, 6], data: new Uint8Array(72).fill(9) }),
    encodeIdx({ dtype: 'f32', shape: [36], data: Float32Array.from(row) }),
  ],
  changedIdx,
);
