import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { x } from 'tinyexec';

const packages = new URL('../packages/', import.meta.url);

/** What `pnpm publish` would upload. */
export interface Packed {
  readonly name: string;
  readonly tarball: string;
  readonly manifest: Manifest;
}

/** The fields of a `package.json` that decide what is published. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly publishConfig?: { readonly exports?: Manifest['exports'] };
}

/** Something that users would stumble over. */
export class CheckFailed extends Error {}

/** Packs every package that is not private into `folder`. They must be built. */
export async function packAll(folder: string): Promise<readonly Packed[]> {
  const packed: Packed[] = [];
  for (const directory of (await readdir(packages)).sort()) {
    const manifest = await readManifest(new URL(`${directory}/package.json`, packages));
    if (manifest === undefined || manifest.private === true) continue;
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    packed.push({ name: manifest.name, tarball: join(folder, file), manifest });
  }
  const filters = packed.flatMap(({ name }) => ['--filter', name]);
  await x('pnpm', [...filters, 'pack', '--pack-destination', folder], { throwOnError: true });
  return packed;
}

/** Installs packages by name from tarballs, without install scripts, into a folder that is made for them. */
export async function installPacked(
  folder: string,
  packed: readonly Packed[],
  names: ReadonlySet<string>,
): Promise<void> {
  const fileOf = ({ name, tarball }: Packed) => [name, `file:${tarball}`] as const;
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(packed.filter(({ name }) => names.has(name)).map(fileOf)),
    overrides: Object.fromEntries(packed.filter(({ name }) => !names.has(name)).map(fileOf)),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const npm = await x('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    nodeOptions: { cwd: folder },
  });
  if (npm.exitCode !== 0) throw new CheckFailed(`npm install:\n${npm.stdout}${npm.stderr}`);
  await requireNoInstallScripts(folder, names);
}

/** What the messages of BullMQ are packed by takes native code where there is some, and runs without. */
const withQueue = 'node_modules/msgpackr-extract';

async function requireNoInstallScripts(folder: string, names: ReadonlySet<string>): Promise<void> {
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
  };
  const scripted = Object.keys(lock.packages).filter(
    (path) => lock.packages[path]?.hasInstallScript && !(names.has('@funhash/queue') && path === withQueue),
  );
  if (scripted.length > 0) throw new CheckFailed(`install scripts in ${scripted.join(', ')}`);
}

/** Runs `use` on an empty folder outside the workspace and removes the folder after it. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'funhash-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readManifest(file: URL): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
