import { availableParallelism } from 'node:os';
import { readBytes, saveBytes } from '@funhash/codec';
import { decodePng, isJpeg } from '@funhash/datasets';
import {
  baseNet,
  decodeJpeg,
  decodePicture,
  type EncodePictureOptions,
  encodePicture,
  fromRgba,
  jpegMetadata,
  type RgbPicture,
  toRgb,
  toRgba,
  upright,
  withMetadata,
} from '@funhash/images';
import { useBackend } from '@funhash/layers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { loadModel } from '../files/load-model.ts';
import { mozJpeg } from '../files/moz-jpeg.ts';
import { requireFile, requireOther } from '../files/paths.ts';
import { encodePng } from '../files/png.ts';
import { grouped, type Printer } from '../terminal/output.ts';

/** Makes `funhash image`: pictures as JPEGs that carry the update of a network which improves them. */
export function imageCommand(output: Printer): Command {
  return new Command('image')
    .summary('pictures as JPEGs that a small network improves')
    .description(
      'Encodes a picture as a JPEG with an update for a network that removes artifacts (.fhi), or decodes one. Programs that do\n' +
        'not know such files show the JPEG.',
    )
    .addCommand(encodeCommand(output))
    .addCommand(decodeCommand(output));
}

/** Pixels of a PNG, at most: as many as JPEGs may have. */
const maxPixels = 2 ** 26;

/** Steps of tuning. */
const efforts = { none: 0, fast: 15, usual: 56, thorough: 300 } as const;

interface EncodeFlags {
  readonly out?: string;
  readonly quality: number;
  readonly chroma: '420' | '444';
  readonly effort: keyof typeof efforts;
  readonly tune: NonNullable<EncodePictureOptions['tune']>;
  readonly base?: string;
  readonly json?: true;
}

function encodeCommand({ line, note, json: print, isTerminal }: Printer): Command {
  return new Command('encode')
    .summary('a picture as .fhi')
    .argument('<picture>', 'a PNG, or a JPEG to be made smaller')
    .option('-o, --out <file>', 'the file (default: the name of the picture with .fhi)')
    .option('--quality <n>', 'quality of the JPEG, 1 to 100', qualityOf, 30)
    .addOption(
      new Option('--chroma <form>', 'colour at half or full resolution')
        .choices(['420', '444'])
        .default('420'),
    )
    .addOption(
      new Option('--effort <how>', 'how long the network is tuned on the picture')
        .choices(Object.keys(efforts))
        .default('usual'),
    )
    .addOption(
      new Option(
        '--tune <what>',
        'all values; of each channel a multiplier, the bias, or both (channels); whichever of all and channels is better (both); or by the size of the JPEG the one that is likelier to be',
      )
        .choices(['auto', 'all', 'multipliers', 'biases', 'channels', 'both'])
        .default('auto'),
    )
    .option('--base <model>', 'another network than the one that comes with funhash')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ funhash image encode photo.png --quality 30 -o photo.fhi')
    .action(async (picture: string, { out, quality, chroma, effort, tune, base, json }: EncodeFlags) => {
      const path = out ?? `${picture.replace(/\.(png|jpe?g)$/i, '')}.fhi`;
      await requireFile('the picture', picture);
      await requireOther(path, 'the picture', picture);
      const bytes = await readBytes(picture);
      const { original, metadata } = await readPicture(bytes, picture);
      const { width, height } = original;
      await useBackend('wasm', { threads: availableParallelism() });
      const net = base === undefined ? await baseNet() : await loadModel(base);
      const jpeg = withMetadata(await mozJpeg(original, quality, chroma), metadata);
      const steps = efforts[effort];
      const begun = performance.now();
      const found = await encodePicture(jpeg, original, net, {
        steps,
        tune,
        onStep: (step, all) => {
          if (!isTerminal || step % 25 !== 0 || step === 0) return;
          const left = (((performance.now() - begun) / step) * (all - step)) / 1000;
          note(`tuned ${step} of ${all} steps, ${left.toFixed(0)} s left`);
        },
      });
      await saveBytes(path, found.bytes);
      const { mode, extraBytes, alphaBytes, quality: decibels } = found;
      if (json)
        return print(
          { path, bytes: found.bytes.length, extraBytes, alphaBytes, mode, width, height, decibels },
          2,
        );
      const shown = ({ luma, rgb }: { luma: number; rgb: number }): string =>
        `${luma.toFixed(2)} / ${rgb.toFixed(2)}`;
      const bits = ((8 * found.bytes.length) / (width * height)).toFixed(3);
      line(
        `${path}: ${grouped(found.bytes.length)} bytes, ${bits} bits a pixel, ${grouped(extraBytes)} beside the JPEG (${mode})` +
          (alphaBytes > 0 ? `, ${grouped(alphaBytes)} of transparency` : ''),
      );
      line(
        `PSNR luma / RGB: JPEG ${shown(decibels.jpeg)}, network ${shown(decibels.base)}, file ${shown(decibels.file)} dB`,
      );
    });
}

function decodeCommand({ line, json: print }: Printer): Command {
  return new Command('decode')
    .summary('a .fhi, or any JPEG, as PNG')
    .argument('<picture>', 'a .fhi file, or a JPEG')
    .option('-o, --out <file>', 'the PNG (default: the name of the picture with .png)')
    .option('--plain', 'the JPEG alone, without the network and without transparency')
    .option('--base <model>', 'the network that --base of encode had')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ funhash image decode photo.fhi -o photo.png')
    .action(
      async (
        picture: string,
        { out, plain, base, json }: { out?: string; plain?: true; base?: string; json?: true },
      ) => {
        const path = out ?? `${picture.replace(/\.\w+$/, '')}.png`;
        await requireFile('the picture', picture);
        await requireOther(path, 'the picture', picture);
        const bytes = await readBytes(picture);
        await useBackend('wasm', { threads: availableParallelism() });
        const found = plain
          ? { ...toRgb(decodeJpeg(bytes)), mode: 'off' as const }
          : decodePicture(bytes, base === undefined ? await baseNet() : await loadModel(base));
        const { mode } = found;
        const turned = upright(found, jpegMetadata(bytes).orientation);
        const { width, height } = turned;
        const isTransparent = turned.alpha !== undefined;
        await saveBytes(path, encodePng(isTransparent ? toRgba(turned) : turned));
        if (json) return print({ path, width, height, mode, isTransparent }, 2);
        line(`${path}: ${width} × ${height}, network: ${mode}${isTransparent ? ', transparent' : ''}`);
      },
    );
}

/** The pixels of a picture, upright, transparent ones on white, and the metadata that its JPEG is to have. */
async function readPicture(
  bytes: Uint8Array,
  source: string,
): Promise<{ readonly original: RgbPicture; readonly metadata: readonly Uint8Array[] }> {
  if (isJpeg(bytes)) {
    const { orientation, segments } = jpegMetadata(bytes);
    return { original: upright(toRgb(decodeJpeg(bytes)), orientation), metadata: segments };
  }
  return { original: fromRgba(await decodePng(bytes, { source, channels: 4, maxPixels })), metadata: [] };
}

function qualityOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 1 || value > 100)
    throw new InvalidArgumentError('Expected a whole number from 1 to 100.');
  return value;
}
