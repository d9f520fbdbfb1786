import {
  decodeModel,
  encodeModel,
  inflateBytes,
  type ModelTensor,
  readBytes,
  saveBytes,
} from '@funhash/codec';
import { applyUpdate, encodeUpdate, inspectUpdate } from '@funhash/codec/update';
import { Command, InvalidArgumentError } from 'commander';
import { requireFile, requireOther } from '../files/paths.ts';
import { grouped, type Printer } from '../terminal/output.ts';

/** Makes `funhash update`: what a tuned model differs from its base by, in few bytes. */
export function updateCommand(output: Printer): Command {
  return new Command('update')
    .summary('what a tuned model differs from its base by, in few bytes')
    .description(
      'Codes the difference between two model files of one network, applies such an update, or tells what one says. The base\n' +
        'is the very file from which was tuned: an update knows it by a checksum of its values.',
    )
    .addCommand(encodeCommand(output))
    .addCommand(applyCommand(output))
    .addCommand(inspectCommand(output));
}

interface EncodeFlags {
  readonly out?: string;
  readonly step: number;
  readonly lambda: number;
  readonly dependent?: true;
  readonly json?: true;
}

function encodeCommand(output: Printer): Command {
  return new Command('encode')
    .summary('the update from a base to a tuned model')
    .argument('<base>', 'a model file')
    .argument('<tuned>', 'a model file of the same network, tuned from the base')
    .option('-o, --out <file>', 'the update (default: the name of the tuned model with .fhu)')
    .option(
      '--step <share>',
      'distance between levels, as a share of each tensor’s root mean square',
      above0,
      1 / 8,
    )
    .option('--lambda <weight>', 'weight of the rate: more leaves out more of what is small', from0, 1)
    .option('--dependent', 'dependent quantisation: smaller errors where many values change')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ funhash update encode base.safetensors tuned.safetensors --step 0.25',
    )
    .action(async (base: string, tuned: string, { out, step, lambda, dependent, json }: EncodeFlags) => {
      const path = out ?? `${tuned.replace(/\.safetensors$/, '')}.fhu`;
      await requireOther(path, 'the base', base);
      await requireOther(path, 'the tuned model', tuned);
      const [from, to] = [await modelAt('the base', base), await modelAt('the tuned model', tuned)];
      const bytes = encodeUpdate(from.tensors, to.tensors, {
        step,
        lambda,
        dependent: dependent === true,
      });
      const changed = changedIn(from.tensors, applyUpdate(from.tensors, bytes));
      await write(output, { path, bytes, changed, json });
    });
}

function applyCommand(output: Printer): Command {
  return new Command('apply')
    .summary('the tuned model that an update makes of its base')
    .argument('<base>', 'the model file that was tuned')
    .argument('<update>', 'an update, from `funhash update encode`')
    .option('-o, --out <file>', 'the tuned model (default: the name of the update with .safetensors)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ funhash update apply base.safetensors tuned.fhu -o tuned.safetensors',
    )
    .action(async (base: string, update: string, { out, json }: { out?: string; json?: true }) => {
      const path = out ?? `${update.replace(/\.fhu$/, '')}.safetensors`;
      await requireOther(path, 'the base', base);
      await requireOther(path, 'the update', update);
      const from = await modelAt('the base', base);
      await requireFile('the update', update);
      const tensors = applyUpdate(from.tensors, await readBytes(update));
      const bytes = encodeModel({ spec: from.spec, tensors });
      const changed = changedIn(from.tensors, tensors);
      await write(output, { path, bytes, changed, json });
    });
}

function inspectCommand({ line, json: print }: Printer): Command {
  return new Command('inspect')
    .summary('what an update says; with its base also what it changes')
    .argument('<update>', 'an update')
    .option('--base <model>', 'the model file that was tuned')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ funhash update inspect tuned.fhu --base base.safetensors')
    .action(async (update: string, { base, json }: { base?: string; json?: true }) => {
      await requireFile('the update', update);
      const bytes = await readBytes(update);
      const { byteLength, base: fingerprint, step, absolute, dependent } = inspectUpdate(bytes);
      const said = {
        bytes: byteLength,
        base: fingerprint.toString(16).padStart(8, '0'),
        step,
        stepOf: absolute ? 'values' : 'the root mean square of each tensor',
        quantisation: dependent ? 'dependent' : 'uniform',
      };
      const from = base === undefined ? undefined : await modelAt('the base', base);
      const changed = from && changedIn(from.tensors, applyUpdate(from.tensors, bytes));
      if (json) return print({ ...said, ...changed }, 2);
      line(`${grouped(byteLength)} bytes for the base with fingerprint ${said.base}`);
      line(`step ${said.step} of ${said.stepOf}, ${said.quantisation} quantisation`);
      if (!changed) return;
      for (const { name, values, changed: moved } of changed.tensors)
        line(`${name}: ${grouped(moved)} of ${grouped(values)} values change`);
      line(shown(changed));
    });
}

interface Written {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly changed: Changed;
  readonly json: true | undefined;
}

async function write(output: Printer, { path, bytes, changed, json }: Written): Promise<void> {
  await saveBytes(path, bytes);
  if (json) return output.json({ path, bytes: bytes.length, ...changed }, 2);
  output.line(`${path}: ${grouped(bytes.length)} bytes, ${shown(changed)}`);
}

async function modelAt(which: string, path: string) {
  await requireFile(which, path);
  return decodeModel(await inflateBytes(await readBytes(path)), { source: path });
}

interface Changed {
  readonly values: number;
  readonly changed: number;
  readonly tensors: readonly { readonly name: string; readonly values: number; readonly changed: number }[];
}

function changedIn(base: ReadonlyMap<string, ModelTensor>, tuned: ReadonlyMap<string, ModelTensor>): Changed {
  const tensors = [...base].map(([name, { data }]) => {
    const after = tuned.get(name)?.data;
    const moved = [...data.keys()].filter((i) => after?.[i] !== data[i]).length;
    return { name, values: data.length, changed: moved };
  });
  const total = (of: 'values' | 'changed'): number => tensors.reduce((sum, each) => sum + each[of], 0);
  return { values: total('values'), changed: total('changed'), tensors };
}

const shown = ({ values, changed }: Changed): string =>
  `${grouped(changed)} of ${grouped(values)} values change`;

function above0(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 2 ** -60 && value <= 2 ** 60))
    throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

function from0(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity))
    throw new InvalidArgumentError('Expected a number from 0 on.');
  return value;
}
