import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
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
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly publishConfig?: { readonly exports?: Manifest['exports'] };
}

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
