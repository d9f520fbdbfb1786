import { readFile } from 'node:fs/promises';
import { type ImportedPort, importOnnx, importSafetensors, importStateDict } from '@funhash/import';
import { load, type Module, Reshape, Sequential } from '@funhash/layers';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { requireFile, requireOther } from '../files/paths.ts';
import { grouped, type Output } from '../terminal/output.ts';

interface ImportFlags {
  readonly out: string;
  readonly into?: string;
  readonly input?: string;
  readonly json?: true;
}

const portText = ({ name, shape, order }: ImportedPort): string => {
  const isKept = order.every((axis, k) => axis === k);
  return `${name} [${shape.join(', ')}]${isKept ? '' : `, axes ${order.join(' ')} of the file`}`;
};

/** Makes `funhash import`: a network of an ONNX file, or weights of PyTorch and Keras, as a model file. */
export function importCommand({ line }: Output): Command {
  return new Command('import')
    .summary('a model of ONNX, or weights of PyTorch and Keras, as a model file')
    .description(
      'Writes a model file of an .onnx file, or of weights (.safetensors, .pt, .pth) for a network that --into describes.\n' +
        'Images are channels last in it, sequences batch first.',
    )
    .argument('<file>', 'an .onnx, .safetensors, .pt or .pth file')
    .requiredOption('-o, --out <file>', 'the model file to write (.safetensors)')
    .option('--into <model>', 'a model file of the network that weights are for')
    .option('--input <shape>', 'shape of one input of that network, such as 28,28,1')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ funhash import model.onnx -o model.safetensors\n  $ funhash import state.pt --into lenet.safetensors -o trained.safetensors',
    )
    .action(async (path: string, { out, into, input, json }: ImportFlags) => {
      await requireFile('the file', path);
      await requireOther(out, 'the one read', path);
      const bytes = await readFile(path);
      const { network, notes, said } = isOnnx(path)
        ? ofOnnx(bytes, path, { into, input })
        : await ofWeights(bytes, path, { into, input });
      await network.save(out);
      const { total } = network.summary();
      if (json) return line(JSON.stringify({ path: out, ...said, values: total.storedCount }));
      line(String(network.summary()));
      for (const note of notes) line(note);
      line(`${out}: ${grouped(total.storedCount)} values`);
    });
}

interface Imported {
  readonly network: Module;
  readonly notes: readonly string[];
  readonly said: object;
}

type Options = { readonly into: string | undefined; readonly input: string | undefined };

const isOnnx = (path: string): boolean => /\.onnx$/i.test(path);

function ofOnnx(bytes: Uint8Array, path: string, { into }: Options): Imported {
  if (into !== undefined)
    throw new UsageError({
      operation: '--into',
      expected: 'a file of weights',
      actual: path,
      remedy: 'An .onnx file describes its network itself.',
    });
  const { network, input, output } = importOnnx(bytes);
  return {
    network: ofRows(network),
    notes: [`input ${portText(input)}`, `output ${portText(output)}`],
    said: { input, output },
  };
}

/** A network that takes samples as rows of numbers, too, as those of data sets are. */
function ofRows(network: Module): Module {
  const { signature } = network;
  if (!signature || signature.input.length < 2 || signature.dtype === 'i32') return network;
  const whole = new Sequential([new Reshape({ shape: signature.input }), network]);
  whole.signature = signature;
  return whole;
}

async function ofWeights(bytes: Uint8Array, path: string, { into, input }: Options): Promise<Imported> {
  const isStateDict = /\.(pt|pth)$/i.test(path);
  if (!isStateDict && !/\.safetensors$/i.test(path))
    throw new UsageError({
      operation: 'import',
      expected: 'an .onnx, .safetensors, .pt or .pth file',
      actual: path,
    });
  if (into === undefined)
    throw new UsageError({
      operation: 'import',
      expected: 'the network that the weights are for, as --into',
      actual: 'none',
      remedy:
        'Save one of dense weights by funhash train --epochs 0, or by save(); or export the model as ONNX, which describes it.',
    });
  await requireFile('--into', into);
  const network = await load(into);
  const shape = input?.split(',').map(Number);
  const read = isStateDict ? importStateDict : importSafetensors;
  const said = read(bytes, network, shape ? { input: shape } : {});
  const notes = Object.entries(said.names).map(([place, name]) => `${place || 'the layer'} from ${name}`);
  return {
    network,
    notes: said.dropped.length > 0 ? [...notes, `${said.dropped.length} counters dropped`] : notes,
    said,
  };
}
