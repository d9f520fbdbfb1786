import { openSafetensors, writeFileAtomic } from '@funhash/codec';
import { packTensors } from '@funhash/codec/pack';
import { Command, InvalidArgumentError } from 'commander';
import { requireFile, requireOther } from '../files/paths.ts';
import { grouped, type Output } from '../terminal/output.ts';

interface PackFlags {
  readonly out?: string;
  readonly quality: number;
  readonly even?: true;
  readonly json?: true;
}

const most = 100;

/** Makes `funhash pack`: weights of any program in a small file. */
export function packCommand({ line }: Output): Command {
  return new Command('pack')
    .summary('weights of any program in few bits each')
    .description(
      'Packs the tensors of a safetensors file by dependent quantisation and entropy coding: no description of a network\n' +
        'is needed, metadata is left out. Quality is the signal to noise of tensors of two dimensions or more, in decibels,\n' +
        'about 6 a bit: 21 are about 3 bits a weight, a tenth of f32. Large tensors have more noise than small ones, which\n' +
        'takes the fewest bits. Tensors of one dimension have 40 more. One tensor is in memory at a time.',
    )
    .argument('<weights>', 'a .safetensors file')
    .option('-o, --out <file>', 'the pack (default: the name of the weights with .fhp)')
    .option('--quality <decibels>', 'signal to noise, 1 to 100', decibelsOf, 21)
    .option('--even', 'the same quality for every tensor of two dimensions or more')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ funhash pack weights.safetensors --quality 18 && funhash unpack weights.fhp',
    )
    .action(async (weights: string, { out, quality, even, json }: PackFlags) => {
      const path = out ?? `${weights.replace(/\.safetensors$/, '')}.fhp`;
      await requireFile('the weights', weights);
      await requireOther(path, 'the weights', weights);
      const file = openSafetensors(weights);
      const written = await writeFileAtomic(
        path,
        packTensors(file.tensors, { quality, even: even === true }),
      ).finally(file.close);
      const sizes = { path, bytes: written, weightsBytes: file.byteLength };
      if (json) return line(JSON.stringify(sizes, null, 2));
      const share = ((100 * written) / Math.max(1, file.byteLength)).toFixed(1);
      line(`${path}: ${grouped(written)} bytes, ${share} % of ${grouped(file.byteLength)}`);
    });
}

function decibelsOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 1 && value <= most))
    throw new InvalidArgumentError(`Expected decibels from 1 to ${most}.`);
  return value;
}
