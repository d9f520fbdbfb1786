import { chooseBackend, type RunResult, runTraining } from '@funhash/experiments';
import { Command } from 'commander';
import { numbersText } from '../report/answers.ts';
import { backendSetting, dataOf, dataSettings, sampleSettings } from '../settings/common-settings.ts';
import { addFlags, checkConfig, readFlags, type Settings } from '../settings/config.ts';
import { takesModel } from '../settings/model-file.ts';
import { helpText } from '../terminal/help.ts';
import { grouped, type Printer, percent } from '../terminal/output.ts';

const evalSettings = {
  ...sampleSettings,
  testCount: dataSettings.testCount,
  backend: backendSetting,
} as const satisfies Settings;

/** Makes `funhash eval`: a model file on the test samples of a data set. */
export function evalCommand(output: Printer): Command {
  const command = new Command('eval')
    .summary('judge a model file on test samples')
    .description(
      'Prints how many of the test samples of a data set a model file gets wrong, in percent, and its mean loss; of numbers how far ' +
        'they are off.',
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
    const request = { data: dataOf(config), net: { file: model }, backend: config.backend, epochs: 0 };
    let told: { readonly name: string; readonly test: number } | null = null;
    let result: RunResult | undefined;
    for await (const event of runTraining(request)) {
      if (event.type === 'start') told = event.data;
      if (event.type === 'result') result = event.result;
    }
    const {
      testError: errorRate = Number.NaN,
      testLoss: loss = Number.NaN,
      numbers,
      storedCount,
    } = result as RunResult;
    const { name, test: count } = told as unknown as { name: string; test: number };
    if (json) {
      const scores = numbers ? { loss, ...numbers } : { loss, errorRate, accuracy: 1 - errorRate };
      return output.json({ data: name, count, storedCount, ...scores });
    }
    const answers = numbers
      ? `${numbersText(numbers)}, with ${grouped(count)} samples`
      : `test error ${percent([errorRate])} % of ${grouped(count)} samples`;
    output.line(`${name}: ${answers}, loss ${loss.toFixed(4)}, with ${grouped(storedCount)} stored values`);
  });
}
