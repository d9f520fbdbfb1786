import { compressBytes, type StorageFormat, storageFormats } from '@funhash/codec';
import {
  BatchNorm,
  Conv2d,
  Dense,
  dct2d,
  Flatten,
  hashedNet,
  inBasis,
  type Module,
  Sequential,
  SharedSpace,
  tiles,
} from '@funhash/layers';
import { layerSamples } from '@funhash/layers/testing';
import { schemeSamples } from '@funhash/space/testing';
import fc from 'fast-check';

/** Models of every layer, of every scheme, and of what files can say besides: small, so that each change hits much. */
export function sampleModels(): readonly Module[] {
  const schemes = Object.values(schemeSamples()).flatMap((samples) => samples.map(({ drawn }) => drawn));
  const requests = fc.sample(fc.tuple(...schemes), { seed: 3, numRuns: 1 }).flat();
  const space = new SharedSpace({ values: 12 });
  const tied = new Dense({ in: 2, out: 2, bias: false });
  const signed = new Sequential([new Flatten(), new Dense({ in: 4, out: 2, activation: 'relu' })]);
  signed.signature = { input: [2, 2, 1], dtype: 'u8' };
  return [
    ...Object.values(layerSamples).flatMap(({ layers }) => layers()),
    ...requests.map((make) => new Dense({ in: 4, out: 2, bias: false, weight: make({ rows: 2, cols: 4 }) })),
    new Dense({ in: 2, out: 3, weight: tiles({ space, side: 2 }), bias: hashedNet({ space }) }),
    new Sequential([tied, tied]),
    signed,
    new Dense({
      in: 4,
      out: 2,
      weight: inBasis(dct2d({ height: 2, width: 2, keep: 1 }), hashedNet({ values: 2 })),
    }),
    new Sequential([
      new Conv2d({ in: 1, out: 2, kernelSize: 2, weight: hashedNet({ values: 3 }) }),
      new BatchNorm({ channels: 2 }),
    ]),
  ];
}

const formats = Object.keys(storageFormats) as StorageFormat[];

/** Files of models, each as it is and in one storage format, some of them compressed. */
export async function modelFiles(models: readonly Module[]): Promise<readonly Uint8Array[]> {
  const files = await Promise.all(
    models.map(async (model, k) => {
      const plain = await model.toBytes();
      const stored = await model.toBytes({ storeAs: formats[k % formats.length] as StorageFormat });
      return k % 8 === 0 ? [plain, stored, await compressBytes(stored)] : [plain, stored];
    }),
  );
  return files.flat();
}
