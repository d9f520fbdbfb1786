import { stat } from 'node:fs/promises';
import { saveBytes } from '@funhash/codec';
import { chooseBackend, dataFields, type RunResult, runSpec, runTraining } from '@funhash/experiments';
import { load } from '@funhash/layers';
import { packedLayers } from '@funhash/layers/binary';
import { Command } from 'commander';
import { InterruptedError } from '../errors.ts';
import { requireFile, requireOther } from '../files/paths.ts';
import { curvesSection, epochsBeside, forReport, testSections } from '../report/model-report.ts';
import { pageOf } from '../report/page.ts';
import { commandText, pathFlag } from '../report/repeat.ts';
import { byteBars, sizesHtml } from '../report/sizes.ts';
import { backendSetting, dataOf, dataSettings } from '../settings/common-settings.ts';
import { addFlags, checkConfig, readFlags, type Settings } from '../settings/config.ts';
import { takesModel } from '../settings/model-file.ts';
import { helpText } from '../terminal/help.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import type { ModelSizes } from '../terminal/model-tables.ts';
import { duration, grouped, type Printer, percent } from '../terminal/output.ts';

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
export function binarizeCommand(output: Printer): Command {
  const command = new Command('binarize')
    .summary('pack a trained network of ±1 weights into bits')
    .description(
      'Writes a model file in which weights of ±1 take a bit each, and normalisation before signs a whole number a ' +
        'channel, and a report to look at beside it. With --data both models classify the test images: outputs that ' +
        'differ are an error.',
    )
    .option(
      '--out <file>',
      'the packed file; its report has the same name and ends in .html (default: packed.safetensors beside the model)',
    )
    .option('--json', 'print JSON');
  addFlags(command, binarizeSettings).addHelpText(
    'after',
    helpText(output, '\nExample:\n  $ funhash binarize runs/…/model.safetensors --data mnist'),
  );
  return takesModel(
    command,
    ' of a net with weights of ±1',
    (model, flags: BinarizeFlags & Record<string, unknown>) => binarize(model, flags, output),
  );
}

async function binarize(
  model: string,
  { out, json, ...flags }: BinarizeFlags & Record<string, unknown>,
  output: Printer,
): Promise<void> {
  const config = checkConfig(binarizeSettings, readFlags(binarizeSettings, flags), 'the command line');
  const path = out ?? model.replace(/[^/\\]*$/, 'packed.safetensors');
  await requireFile('the model', model);
  await requireOther(path, 'the model', model);
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
  let result: RunResult | undefined;
  let before: ModelSizes | undefined;
  const { kept, options } = forReport();
  const events = runTraining(spec, options);
  for await (const event of events) {
    if (event.type === 'start') before = event.net.summary;
    if (event.type === 'result') result = event.result;
  }
  const { data, model: bytes } = kept;
  const sizes = { modelBytes: (await stat(model)).size, packedBytes: bytes.length };
  const ratio = sizes.modelBytes / sizes.packedBytes;
  const compared = result?.packed && {
    images: data?.test.count ?? 0,
    errorRate: result.testError ?? Number.NaN,
    ...result.packed,
  };
  const comparison = compared && [
    `all outputs for ${grouped(compared.images)} test images are equal; test error ${percent([compared.errorRate])} %`,
    `${duration(compared.modelMs)} by the model, ${duration(compared.packedMs)} packed: ${speedText(compared)}`,
  ];
  const packed = (await load(bytes, { layers: packedLayers })).summary();
  const page = await pageOf({
    title: `${model}, packed into bits`,
    intro: `${data ? `${data.description}. ` : ''}The packed file has ${grouped(sizes.packedBytes)} bytes, ${ratio.toFixed(1)} times fewer than the model${comparison ? `; ${comparison.join('; ')}` : ''}.`,
    sections: [
      {
        title: 'Sizes',
        html: byteBars([
          ['the model', sizes.modelBytes],
          ['packed', sizes.packedBytes],
        ]),
      },
      { title: 'Layers, packed', html: sizesHtml(packed) },
      ...(before ? [{ title: 'Layers of the model', html: sizesHtml(before) }] : []),
      ...curvesSection(await epochsBeside(model), 'How the model was trained'),
      ...testSections(result ?? { storedCount: 0, storedBytes: 0 }, data, model),
    ],
    command: commandText(
      ['binarize', model],
      binarizeSettings,
      { ...config, backend },
      pathFlag('--out', out),
    ),
    config: { ...config, backend },
  });
  // Written whole, though a signal comes meanwhile.
  const report = path.replace(/(\.safetensors)?$/, '.html');
  const stop = onInterrupt();
  try {
    await saveBytes(path, bytes);
    await saveBytes(report, new TextEncoder().encode(page));
  } finally {
    stop.release();
  }
  if (stop.signal.aborted) throw new InterruptedError(`Interrupted. ${path} is written.`, stop.cause);
  if (json) return output.json({ path, ...sizes, ...compared });
  output.line(
    `${path}: ${grouped(sizes.packedBytes)} bytes, ${ratio.toFixed(1)} times smaller than ${grouped(sizes.modelBytes)}`,
  );
  for (const line of comparison ?? []) output.line(line);
  output.note(`look at ${report}`);
}

function speedText({ modelMs, packedMs }: { readonly modelMs: number; readonly packedMs: number }): string {
  return packedMs < modelMs
    ? `${(modelMs / packedMs).toFixed(1)} times faster`
    : `${(packedMs / modelMs).toFixed(1)} times slower`;
}
