import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../rivals/', import.meta.url);
const lockfile = new URL('pnpm-lock.yaml', folder);
/** A copy of the lockfile of the last whole installation. */
const installed = new URL('node_modules/.installed.yaml', folder);

const manifest = (): { readonly dependencies: Readonly<Record<string, string>> } =>
  JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));

export const rivalPackages = (): string[] => Object.keys(manifest().dependencies);

/** Versions are exact in the manifest. */
export const rivalVersion = (name: string): string => manifest().dependencies[name] as string;

/**
 * Brings the rivals, at the first use and when they changed: about 200 MB to load, 720 MB on disk, 20 seconds.
 * No install script runs. docs/decisions/0009-rivals-apart.md
 */
export function installRivals(): void {
  const wanted = readFileSync(lockfile, 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  console.log('Installing the rivals in benchmarks/rivals (once, about 20 s; --no-rivals does without)\n');
  rmSync(installed, { force: true });
  const { status } = spawnSync(
    'npx',
    ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--ignore-scripts', '--reporter=append-only'],
    { cwd: fileURLToPath(folder), stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error('The rivals could not be installed; --no-rivals does without them.');
  writeFileSync(installed, wanted);
}
