import { stat } from 'node:fs/promises';
import { saveBytes } from '@funhash/codec';
import type { Split } from '@funhash/datasets';
import { chooseBackend, type DataConfig, loadImages } from '@funhash/experiments';
import { ArgumentError } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { toBinary } from '@funhash/layers/binary';
import { errorRate, predict } from '@funhash/training';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { loadModel } from '../files/load-model.ts';
import { addFlags, checkConfig, readFlags, type Settings } from '../settings/config.ts';
import { commonSettings } from '../settings/settings.ts';
import { duration, grouped, type Output, percent } from '../terminal/output.ts';

const { data, dataSeed, backgrounds, testCount, backend } = commonSettings;
const { default: _default, ...dataOrNone } = data;
const binarizeSettings = {
  data: dataOrNone,
  dataSeed,
  backgrounds,
  testCount,
  backend,
} as const satisfies Settings;

interface BinarizeFlags {
  readonly out?: string;
  readonly json?: true;
}

/** `funhash binarize`: a network of ±1 weights as a file of bits. */
export function binarizeCommand({ line }: Output): Command {
  const command = new Command('binarize')
    .summary('pack a trained network of ±1 weights into bits')
    .description(
      'Writes a model file in which weights of ±1 take a bit each, and normalisation before signs a whole number a\n' +
        'channel. With --data both models classify the test images: outputs that differ are an error.',
    )
    .argument('<model>', 'a model file (.safetensors) of a net with binary weights')
    .option('--out <file>', 'the packed file (default: packed.safetensors beside the model)')
    .option('--json', 'as JSON');
  return addFlags(command, binarizeSettings)
    .addHelpText('after', '\nExample:\n  $ funhash binarize runs/…/model.safetensors --data mnist')
    .action(async (model: string, { out, json, ...flags }: BinarizeFlags & Record<string, unknown>) => {
      const config = checkConfig(binarizeSettings, readFlags(binarizeSettings, flags), 'the command line');
      const path = out ?? model.replace(/[^/\\]*$/, 'packed.safetensors');
      if (path === model)
        throw new UsageError({ operation: '--out', expected: 'another file than the model', actual: path });
      await chooseBackend(config.backend);
      // Decoded once: the fastest that the model is without bits.
      const net = await loadModel(model, { policy: 'frozen' });
      const packed = await toBinary(net);
      const bytes = await packed.toBytes();
      const sizes = { modelBytes: (await stat(model)).size, packedBytes: bytes.length };
      const { data: name } = config;
      const found =
        name === undefined
          ? undefined
          : await comparison(
              net,
              packed,
              (await loadImages({ ...config, data: name, validation: 0 } as DataConfig)).test,
            );
      await saveBytes(path, bytes);
      if (json) return line(JSON.stringify({ path, ...sizes, ...found }));
      const ratio = sizes.modelBytes / sizes.packedBytes;
      line(
        `${path}: ${grouped(sizes.packedBytes)} bytes, ${ratio.toFixed(1)} times smaller than ${grouped(sizes.modelBytes)}`,
      );
      if (!found) return;
      line(
        `all outputs for ${grouped(found.images)} test images are equal; test error ${percent([found.errorRate])} %`,
      );
      line(
        `${duration(found.modelMs)} by the model, ${duration(found.packedMs)} packed: ` +
          `${(found.modelMs / found.packedMs).toFixed(1)} times faster`,
      );
    });
}

interface Comparison {
  readonly images: number;
  /** Of both. */
  readonly errorRate: number;
  readonly modelMs: number;
  readonly packedMs: number;
}

/** @throws ArgumentError where an output differs */
async function comparison(net: Module, packed: Module, test: Split): Promise<Comparison> {
  const { inputs: images, labels, count } = test;
  const outputs = async (model: Module) => {
    // Compiles what it needs.
    await predict(model, images.subarray(0, images.length / count), { count: 1 });
    const begun = performance.now();
    const y = await predict(model, images, { count });
    return { y, elapsedMs: performance.now() - begun };
  };
  const [before, after] = [await outputs(net), await outputs(packed)];
  const wrong = after.y.data.findIndex((value, k) => !Object.is(value, before.y.data[k]));
  if (wrong >= 0)
    throw new ArgumentError({
      operation: 'binarize',
      expected: `the output ${before.y.data[wrong]} at ${wrong}`,
      actual: String(after.y.data[wrong]),
      remedy: 'Nothing was written.',
    });
  return {
    images: count,
    errorRate: errorRate(after.y, { shape: [count], data: Int32Array.from(labels) }),
    modelMs: before.elapsedMs,
    packedMs: after.elapsedMs,
  };
}
