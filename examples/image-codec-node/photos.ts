// Photos to train on, out of Debian packages: those that are JPEGs are shrunk, which washes their own artifacts out.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node photos --out ~/photos
//
// It needs apt-get and dpkg-deb; packages are kept in the folder, and not fetched again.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodePng } from '@funhash/datasets';
import { decodeJpeg, type RgbPicture, toRgb } from '@funhash/images';
import { encodePpm, shrunk } from './ppm.ts';

const { values: given } = parseArgs({ options: { out: { type: 'string', default: 'photos' } } });
const out = resolve(given.out);
const unpacked = join(out, 'unpacked');
mkdirSync(unpacked, { recursive: true });
const packages = [
  'python3-skimage',
  'lomiri-wallpapers-16.04',
  'lomiri-wallpapers-20.04',
  'mate-backgrounds',
  'plasma-workspace-wallpapers',
];
for (const name of packages) {
  if (!readdirSync(out).some((file) => file.startsWith(`${name}_`)))
    execFileSync('apt-get', ['download', name], { cwd: out, stdio: 'inherit' });
  const [file = ''] = readdirSync(out).filter((each) => each.startsWith(`${name}_`));
  execFileSync('dpkg-deb', ['-x', join(out, file), unpacked]);
}

// Drawings, gradients and near copies of others are left out.
const drawn =
  /analogpattern|Picture_0B|Picture_1A|Elephants|GreenTraditional|Blinds|Aqua|2004default|Fossa|Infinite-Sea|Painting/;
const lossless = ['astronaut', 'chelsea', 'coffee', 'motorcycle_left'].map(
  (name) => `usr/lib/python3/dist-packages/skimage/data/${name}.png`,
);
const shrinkable = [
  ...filesIn('usr/share/backgrounds').filter((path) => path.endsWith('.jpg')),
  ...filesIn('usr/share/backgrounds/mate/nature').filter((path) => path.endsWith('.jpg')),
  ...['BytheWater', 'ColorfulCups', 'EveningGlow', 'FallenLeaf', 'Kite', 'OneStandsOut', 'Path'].map(
    (name) => `usr/share/wallpapers/${name}/contents/images/2560x1600.jpg`,
  ),
].filter((path) => !drawn.test(path));

for (const path of lossless) {
  const { width, height, data } = await decodePng(readFileSync(join(unpacked, path)), { channels: 3 });
  keep(path, { width, height, data });
}
for (const path of shrinkable) {
  if (existsSync(join(out, `${nameOf(path)}.ppm`))) continue;
  try {
    const picture = toRgb(decodeJpeg(readFileSync(join(unpacked, path))));
    keep(path, shrunk(picture, picture.width * picture.height > 2e6 ? 4 : 2));
  } catch (error) {
    console.log(`${path}: ${(error as Error).message}`);
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(join(unpacked, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name));
}

function keep(path: string, picture: RgbPicture): void {
  const name = nameOf(path);
  writeFileSync(join(out, `${name}.ppm`), encodePpm(picture));
  console.log(`${name}: ${picture.width} × ${picture.height}`);
}

/** The name of a file, or of the wallpaper whose sizes are files. */
function nameOf(path: string): string {
  return /wallpapers\/([^/]+)\//.exec(path)?.[1] ?? basename(path).replace(/\.\w+$/, '');
}
