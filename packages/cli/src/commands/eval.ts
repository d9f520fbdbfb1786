import { chooseBackend, loadImages, requireFit } from '@funhash/experiments';
import { accuracy, errorRate, evaluate } from '@funhash/training';
import { Command } from 'commander';
import { loadModel } from '../files/load-model.ts';
import { backendSetting, dataOf, dataSettings } from '../settings/common-settings.ts';
import { addFlags, checkConfig, readFlags, type Settings } from '../settings/config.ts';
import { takesModel } from '../settings/model-file.ts';
import { helpText } from '../terminal/help.ts';
import { grouped, type Printer, percent } from '../terminal/output.ts';

const { data, dataDir, dataSeed, backgrounds, testCount } = dataSettings;
const evalSettings = {
  data,
  dataDir,
  dataSeed,
  backgrounds,
  testCount,
  backend: backendSetting,
} as const satisfies Settings;

/** Makes `funhash eval`: a model file on the test images of a data set. */
export function evalCommand(output: Printer): Command {
  const command = new Command('eval')
    .summary('judge a model file on test images')
    .description(
      'Prints how many of the test images of a data set a model file gets wrong, in percent, and its mean loss.',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      helpText(output, '\nExample:\n  $ funhash eval runs/…/model.safetensors --data mnist'),
    );
  addFlags(command, evalSettings);
  return takesModel(command, '', async (model, { json, ...flags }: Record<string, unknown>) => {
    const config = checkConfig(evalSettings, readFlags(evalSettings, flags), 'the command line');
    await chooseBackend(config.backend);
    const net = await loadModel(model);
    const images = await loadImages(dataOf({ ...config, validation: 0 }));
    requireFit(net, images);
    const scores = await evaluate(net, images.test, { metrics: { errorRate, accuracy } });
    const { storedCount } = net.summary().total;
    const { count } = images.test;
    if (json) return output.json({ data: images.name, count, storedCount, ...scores });
    output.line(
      `${images.name}: test error ${percent([scores.errorRate])} % of ${grouped(count)} images, ` +
        `loss ${scores.loss.toFixed(4)}, with ${grouped(storedCount)} stored values`,
    );
  });
}
