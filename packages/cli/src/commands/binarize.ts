import { stat } from 'node:fs/promises';
import { saveBytes } from '@funhash/codec';
import { chooseBackend, dataFields, type RunResult, runSpec, runTraining } from '@funhash/experiments';
import { Command } from 'commander';
import { InterruptedError, UsageError } from '../errors.ts';
import { isSameFile, requireFile } from '../files/paths.ts';
import { backendSetting, dataOf, dataSettings } from '../settings/common-settings.ts';
import { addFlags, checkConfig, readFlags, type Settings } from '../settings/config.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { duration, grouped, type Output, percent } from '../terminal/output.ts';

const { data, dataSeed, backgrounds, testCount } = dataSettings;
const { default: _, ...nameRule } = dataFields.name;
const binarizeSettings = {
  data: { ...data, rule: nameRule },
  dataSeed,
  backgrounds,
  testCount,
  backend: backendSetting,
} as const satisfies Settings;

interface BinarizeFlags {
  readonly out?: string;
  readonly json?: true;
}

/** Makes `funhash binarize`: a network of ±1 weights as a file of bits. */
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
      await requireFile('the model', model);
      if (path === model || (await isSameFile(path, model)))
        throw new UsageError({ operation: '--out', expected: 'another file than the model', actual: path });
      const backend = await chooseBackend(config.backend);
      const { data: name } = config;
      const spec = runSpec({
        net: { file: model },
        data: name === undefined ? null : dataOf({ ...config, data: name, validation: 0 }),
        judge: name === undefined ? null : {},
        epochs: 0,
        storage: { pack: true },
        backend,
      });
      let bytes = new Uint8Array();
      let result: RunResult | undefined;
      let images = 0;
      const events = runTraining(spec, {
        onModel: (given) => {
          bytes = Uint8Array.from(given);
        },
      });
      for await (const event of events) {
        if (event.type === 'start') images = event.data?.test ?? 0;
        if (event.type === 'result') result = event.result;
      }
      const sizes = { modelBytes: (await stat(model)).size, packedBytes: bytes.length };
      const compared = result?.packed && {
        images,
        errorRate: result.testError ?? Number.NaN,
        ...result.packed,
      };
      // Written whole, though a signal comes meanwhile.
      const stop = onInterrupt();
      try {
        await saveBytes(path, bytes);
      } finally {
        stop.release();
      }
      if (stop.signal.aborted) throw new InterruptedError(`Interrupted. ${path} is written.`, stop.cause);
      if (json) return line(JSON.stringify({ path, ...sizes, ...compared }));
      const ratio = sizes.modelBytes / sizes.packedBytes;
      line(
        `${path}: ${grouped(sizes.packedBytes)} bytes, ${ratio.toFixed(1)} times smaller than ${grouped(sizes.modelBytes)}`,
      );
      if (!compared) return;
      line(
        `all outputs for ${grouped(compared.images)} test images are equal; test error ${percent([compared.errorRate])} %`,
      );
      line(
        `${duration(compared.modelMs)} by the model, ${duration(compared.packedMs)} packed: ` +
          `${(compared.modelMs / compared.packedMs).toFixed(1)} times faster`,
      );
    });
}
