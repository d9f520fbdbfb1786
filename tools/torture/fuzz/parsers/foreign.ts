import { readFileSync } from 'node:fs';
import { importOnnx, importSafetensors, importStateDict } from '@funhash/import';
import { Embedding, LayerNorm, type Module, Sequential } from '@funhash/layers';
import { savedValuesOf } from '../../saved-values.ts';
import { LossError } from '../../trial.ts';
import { changedBytes } from '../changes/bytes.ts';
import { changedModelFile } from '../changes/model-file.ts';
import type { Parser } from '../parser.ts';

const fixtures = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../../packages/import/src/${name}.fixtures.json`, import.meta.url), 'utf8'),
  );
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Exports of PyTorch. */
export const onnx: Parser = {
  name: 'onnx',
  share: 12,
  samples: async () => {
    const cases: Readonly<Record<string, { readonly free: string; readonly fixed: string }>> =
      fixtures('pytorch-exports');
    return Object.values(cases).flatMap(({ free, fixed }) => [bytesOf(free), bytesOf(fixed)]);
  },
  change: changedBytes,
  read: (input) => {
    const { network } = importOnnx(input);
    String(network.summary());
  },
};

/** Weights for a network, which stays as it was where they are refused. */
function weights(format: 'pt' | 'safetensors', change: Parser['change']): Parser {
  const net = (): Module =>
    new Sequential([new Embedding({ in: 7, out: 6 }), new LayerNorm({ channels: 6 })]);
  return {
    name: `weights-${format}`,
    share: 6,
    samples: async () => {
      const { nets, types } = fixtures('weights/pytorch-weights');
      return [bytesOf(nets.parts[format]), bytesOf(types[format])];
    },
    change,
    read: (input) => {
      const model = net();
      const before = savedValuesOf(model);
      try {
        (format === 'pt' ? importStateDict : importSafetensors)(input, model);
      } catch (error) {
        if (savedValuesOf(model) !== before) throw new LossError('refused weights changed the network');
        throw error;
      }
    },
  };
}

export const stateDict = weights('pt', changedBytes);
export const foreignSafetensors = weights('safetensors', changedModelFile);
