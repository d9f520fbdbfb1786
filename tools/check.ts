// Everything that must hold before a change is merged, besides the tests: one line for each part with its
// seconds, then the whole output of what failed. The sources and what is built from them are checked side by side.

import { isDeepStrictEqual } from 'node:util';
import { x } from 'tinyexec';
import { inTemporaryFolder, type Manifest, packAll } from './packed.ts';

interface Part {
  readonly title: string;
  /** Gives what it found wrong, or nothing. */
  run(): Promise<string | undefined>;
}

const sources: readonly Part[] = [
  part('types', 'tsc', '--project', 'tsconfig.json'),
  part('lint and format', 'biome', 'check', '--error-on-warnings'),
  part('direction of imports', 'depcruise', '--config', '.dependency-cruiser.mjs', 'packages', 'tools'),
  part('unused files, exports, dependencies', 'knip', '--no-config-hints'),
];

const published: readonly Part[] = [
  part('build', 'turbo', 'run', 'build', '--continue=always', '--output-logs=errors-only'),
  { title: 'packed packages', run: checkPacked },
  part('bundle sizes', 'size-limit'),
];

const failures: { readonly title: string; readonly fault: string }[] = [];
let passed = 0;
const began = performance.now();
await Promise.all([runEach(sources), runEach(published)]);

for (const { title, fault } of failures)
  console.log(`\n── ${title} ${'─'.repeat(76 - title.length)}\n${fault.trimEnd()}`);
console.log(`\n${passed} passed, ${failures.length} failed in ${secondsSince(began)} s`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function runEach(parts: readonly Part[]): Promise<void> {
  for (const { title, run } of parts) {
    const start = performance.now();
    const fault = await run().catch((error: unknown) => String(error));
    if (fault === undefined) passed++;
    else failures.push({ title, fault });
    console.log(
      `${fault === undefined ? 'ok    ' : 'FAILED'} ${secondsSince(start).padStart(6)} s  ${title}`,
    );
  }
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

/** A part that passes when its command exits with 0. */
function part(title: string, command: string, ...args: readonly string[]): Part {
  return { title, run: () => faultOf(command, ...args) };
}

async function faultOf(command: string, ...args: readonly string[]): Promise<string | undefined> {
  const { stdout, stderr, exitCode } = await x(command, [...args]);
  return exitCode === 0 ? undefined : `$ ${[command, ...args].join(' ')}\n${stdout}${stderr}`;
}

/** Each package as users get it: its manifest, its files, and its types in every way ES modules are resolved. */
function checkPacked(): Promise<string | undefined> {
  return inTemporaryFolder(async (folder) => {
    const faults: string[] = [];
    for (const { tarball, manifest } of await packAll(folder)) {
      const found = await Promise.all([
        exportsFault(manifest),
        pageFault(tarball, manifest),
        faultOf('publint', '--strict', tarball),
        faultOf('attw', '--profile', 'esm-only', '--format', 'ascii', tarball),
      ]);
      faults.push(...found.filter((fault) => fault !== undefined));
    }
    return faults.length === 0 ? undefined : faults.join('\n');
  });
}

/** What is shown of a package where it is found, beside what its manifest says (manifests.spec.ts). */
async function pageFault(tarball: string, { name }: Manifest): Promise<string | undefined> {
  const { stdout } = await x('tar', ['-tzf', tarball]);
  const files = stdout.split('\n');
  const lacks = ['README.md', 'LICENSE'].filter((file) => !files.includes(`package/${file}`));
  return lacks.length === 0 ? undefined : `${name} lacks ${lacks.join(', ')}`;
}

/** What is published must be what tests run on: the same entries, without their sources. */
function exportsFault({ name, exports = {}, publishConfig }: Manifest): string | undefined {
  const expected = Object.entries(exports).map(([entry, { '@funhash/source': _, ...built }]) => [
    entry,
    built,
  ]);
  return isDeepStrictEqual(Object.fromEntries(expected), publishConfig?.exports)
    ? undefined
    : `${name}: publishConfig.exports must repeat exports without the condition @funhash/source`;
}
