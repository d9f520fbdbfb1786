import { decodeSafetensors, readBytes, saveBytes } from '@funhash/codec';
import { pack } from '@funhash/codec/pack';
import { Command, InvalidArgumentError } from 'commander';
import { requireFile, requireOther } from '../files/paths.ts';
import { grouped, type Output } from '../terminal/output.ts';

interface PackFlags {
  readonly out?: string;
  readonly quality: number;
  readonly json?: true;
}

const most = 100;

/** Makes `funhash pack`: weights of any program in a small file. */
export function packCommand({ line }: Output): Command {
  return new Command('pack')
    .summary('weights of any program in few bits each')
    .description(
      'Packs the tensors of a safetensors file by dependent quantisation and entropy coding: no description of a network\n' +
        'is needed, metadata is left out. Quality is the signal to noise of each tensor of two dimensions or more, in\n' +
        'decibels: about 6 a bit; 22 are about 4 bits a weight, an eighth of f32. Others have 40 more.',
    )
    .argument('<weights>', 'a .safetensors file')
    .option('-o, --out <file>', 'the pack (default: the name of the weights with .fhp)')
    .option('--quality <decibels>', 'signal to noise, 1 to 100', decibelsOf, 22)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ funhash pack weights.safetensors --quality 18 && funhash unpack weights.fhp',
    )
    .action(async (weights: string, { out, quality, json }: PackFlags) => {
      const path = out ?? `${weights.replace(/\.safetensors$/, '')}.fhp`;
      await requireFile('the weights', weights);
      await requireOther(path, 'the weights', weights);
      const file = await readBytes(weights);
      const bytes = pack(decodeSafetensors(file, { source: weights }).tensors, { quality });
      await saveBytes(path, bytes);
      const sizes = { path, bytes: bytes.length, weightsBytes: file.length };
      if (json) return line(JSON.stringify(sizes, null, 2));
      const share = ((100 * bytes.length) / Math.max(1, file.length)).toFixed(1);
      line(`${path}: ${grouped(bytes.length)} bytes, ${share} % of ${grouped(file.length)}`);
    });
}

function decibelsOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 1 && value <= most))
    throw new InvalidArgumentError(`Expected decibels from 1 to ${most}.`);
  return value;
}
