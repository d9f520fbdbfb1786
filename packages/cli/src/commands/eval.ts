import { chooseBackend, loadImages } from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { accuracy, errorRate, evaluate } from '@funhash/training';
import { Command } from 'commander';
import { loadModel } from '../files/load-model.ts';
import { backendSetting, dataOf, dataSettings } from '../settings/common-settings.ts';
import { addFlags, checkConfig, readFlags, type Settings } from '../settings/config.ts';
import { grouped, type Output, percent } from '../terminal/output.ts';

const { data, dataSeed, backgrounds, testCount } = dataSettings;
const evalSettings = {
  model: { flag: '--model <file>', help: 'a model file (.safetensors)', rule: option.text() },
  data,
  dataSeed,
  backgrounds,
  testCount,
  backend: backendSetting,
} as const satisfies Settings;

/** Makes `funhash eval`: a model file on the test images of a data set. */
export function evalCommand({ line }: Output): Command {
  const command = new Command('eval')
    .summary('judge a model file on test images')
    .description('Prints the error and the loss of a model file on the test images of a data set.')
    .option('--json', 'as JSON');
  return addFlags(command, evalSettings)
    .addHelpText('after', '\nExample:\n  $ funhash eval --model runs/…/model.safetensors --data mnist')
    .action(async ({ json, ...flags }: Record<string, unknown>) => {
      const config = checkConfig(evalSettings, readFlags(evalSettings, flags), 'the command line');
      if (config.model === undefined) return command.error('error: --model <file> is missing');
      await chooseBackend(config.backend);
      const net = await loadModel(config.model);
      const images = await loadImages(dataOf({ ...config, validation: 0 }));
      const scores = await evaluate(net, images.test, { metrics: { errorRate, accuracy } });
      const { storedCount } = net.summary().total;
      if (json)
        return line(JSON.stringify({ data: images.name, count: images.test.count, storedCount, ...scores }));
      line(
        `${images.name}: test error ${percent([scores.errorRate])} % of ${grouped(images.test.count)} images, ` +
          `loss ${scores.loss.toFixed(4)}, with ${grouped(storedCount)} stored values`,
      );
    });
}
