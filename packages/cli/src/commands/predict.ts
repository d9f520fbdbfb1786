import { isOfTable } from '@funhash/datasets/tables';
import { sizeIfThere } from '@funhash/experiments';
import type { Module } from '@funhash/layers';
import { predict } from '@funhash/training';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Asked } from '../files/decode-inputs.ts';
import { readInputs } from '../files/input-file.ts';
import { loadModel } from '../files/load-model.ts';
import { batchFor, modelCost } from '../files/model-cost.ts';
import { intoFile, predictTable } from '../files/predict-table.ts';
import { readSequences } from '../files/read-sequences.ts';
import { takesModel } from '../settings/model-file.ts';
import { helpText } from '../terminal/help.ts';
import { grouped, type Printer } from '../terminal/output.ts';
import { tableOf } from '../terminal/table.ts';

interface PredictFlags {
  readonly input?: string;
  readonly background?: string;
  readonly invert?: true;
  readonly json?: true;
  readonly out?: string;
}

/** Makes `funhash predict`: classes of images in a file. */
export function predictCommand(output: Printer): Command {
  const command = new Command('predict')
    .summary('classify images with a model file')
    .description(
      'Prints the class of each image in a file, and how probable the net holds it and the next two. With --json all classes.',
    )
    .requiredOption(
      '--input <file>',
      'a PNG of the size that the net was trained on (of a net for a folder of pictures: PNG or JPEG of any size), an IDX file of images, or JSON: numbers in the range of the training data (0 to 1 for images), or lists of them; of a net for texts a text in each line; of one for series windows as JSON, in its units; of a net for tables a table',
    )
    .option(
      '--out <file>',
      'of a table: a new CSV file with its rows and what the net says of them (default: printed)',
    )
    .option('--background <level>', 'what shows through transparent pixels: white, black, or 0 to 255')
    .option('--invert', 'dark strokes on light paper: MNIST nets know light on dark')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      helpText(output, '\nExample:\n  $ funhash predict runs/…/model.safetensors --input three.png --invert'),
    );
  return takesModel(command, '', (model, flags: PredictFlags) => predictFile(model, flags, output));
}

async function predictFile(
  model: string,
  { input = '', background, invert, json, out }: PredictFlags,
  output: Printer,
): Promise<void> {
  const net = await loadModel(model);
  if (isOfTable(net.signature?.transformation)) return predictRows(net, input, out, output);
  const asked = askedBy(net);
  const cost = await modelCost(
    model,
    asked.input.reduce((size, extent) => size * extent, 1),
  );
  const sequences = await readSequences(input, asked);
  const { count, values } =
    sequences ?? (await readInputs(input, asked, { background: levelOf(background) }));
  const [low, high] = asked.scale ?? [0, 1];
  const inputs = invert ? values.map((x) => low + high - x) : values;
  const outputs = await predict(net, inputs, { count, batchSize: batchFor(cost) });
  const classes = outputs.data.length / count;
  const { number, of = 'image' } = sequences ?? {};
  if (number) {
    const answers = Array.from(outputs.data, (score) => number.answer(score));
    if (json) return output.json(answers, 0);
    const rows = answers.map((answer, k) => [String(k), answer.toPrecision(5)]);
    return output.line(tableOf([of, number.name], rows, output.columns));
  }
  const nameOf = ({ label }: { readonly label: number }): string =>
    net.signature?.classes?.[label] ?? String(label);
  const scoresOf = (k: number) => outputs.data.subarray(k * classes, (k + 1) * classes);
  if (json) {
    // Line by line: one text of many images may be longer than texts can be.
    for (let k = 0; k < count; k++)
      output.json(ranked(scoresOf(k)), 0, { before: k === 0 ? '[' : '', after: k === count - 1 ? ']' : ',' });
    return;
  }
  const rows: string[][] = [];
  for (let k = 0; k < count; k++) {
    const [best, ...next] = ranked(scoresOf(k)).slice(0, 3);
    rows.push([
      String(k),
      best ? nameOf(best) : '',
      `${(100 * (best?.probability ?? 0)).toFixed(1)} %`,
      next.map((each) => `${nameOf(each)} (${(100 * each.probability).toFixed(1)} %)`).join(', '),
    ]);
  }
  output.line(tableOf([of, 'class', 'probability', 'next'], rows, output.columns));
}

async function predictRows(
  net: Module,
  input: string,
  out: string | undefined,
  output: Printer,
): Promise<void> {
  if (out === undefined) {
    await predictTable(net, input, { write: async (text) => output.line(text.trimEnd()) });
    return;
  }
  if ((await sizeIfThere(out)) !== undefined)
    throw new UsageError({ operation: '--out', expected: 'a new file', actual: `${out}, which is there` });
  const count = await intoFile(out, (lines) => predictTable(net, input, lines));
  output.note(`${grouped(count)} rows in ${out}`);
}

const levels: Readonly<Record<string, number>> = { black: 0, white: 255 };

function levelOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const level = Object.hasOwn(levels, text)
    ? levels[text]
    : /^\d{1,3}$/.test(text)
      ? Number(text)
      : undefined;
  if (level !== undefined && level <= 255) return level;
  throw new UsageError({
    operation: '--background',
    expected: 'white, black, or a level from 0 to 255',
    actual: text,
  });
}

/** What a net takes: by its signature, or by the first layer that says so. */
function askedBy(net: Module): Asked {
  if (net.signature) return net.signature;
  // Files of earlier versions have none: their first layer with a shape or a width says it.
  for (const { spec } of net.chain ?? [net]) {
    const { in: width, shape, kernelSize } = spec as { in?: number; shape?: number[]; kernelSize?: unknown };
    if (shape) return { input: shape };
    if (width !== undefined && kernelSize === undefined) return { input: [width] };
  }
  throw new UsageError({
    operation: 'predict',
    expected: 'a net with a signature, or one that begins with a dense layer or with the shape of an image',
    actual: String(net.spec.type),
    remedy: 'Set its signature before it is saved: model.signature = { input: [28, 28, 1] }.',
  });
}

/** Classes with their softmax probabilities, the most probable first. */
function ranked(scores: ArrayLike<number>): { label: number; probability: number }[] {
  const values = Array.from(scores);
  const best = values.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const powers = values.map((score) => Math.exp(score - best));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers
    .map((power, label) => ({ label, probability: power / sum }))
    .sort((a, b) => b.probability - a.probability);
}
