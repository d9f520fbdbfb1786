// Another commit of this repository beside the working tree: its packages, run by its own half of the benchmarks.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A commit that is checked out and installed in a folder of its own. */
export interface Checkout {
  /** Its short hash. */
  readonly commit: string;
  readonly date: string;
  readonly subject: string;
  readonly folder: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

let other: Checkout | undefined;

/** The commit whose entries run beside ours in this process, if one was asked for. */
export const against = (): Checkout | undefined => other;

function git(...args: string[]): { readonly ok: boolean; readonly text: string; readonly errors: string } {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return { ok: status === 0, text: stdout?.trim() ?? '', errors: stderr?.trim() ?? '' };
}

/** @throws where the name is of no commit here, or of one that has no benchmarks */
export function commitOf(name: string): Omit<Checkout, 'folder'> {
  const { ok, text } = git('log', '-1', '--format=%h%n%cs%n%s', '--end-of-options', `${name}^{commit}`, '--');
  const [commit = '', date = '', subject = ''] = text.split('\n');
  if (!ok || commit === '')
    throw new Error(
      `--against: no commit ${JSON.stringify(name)} here. Give a hash, a branch, or one such as HEAD~1; a shallow clone lacks ` +
        'earlier ones (git fetch --unshallow).',
    );
  if (!git('cat-file', '-e', `${commit}:benchmarks/src/host.ts`).ok)
    throw new Error(
      `--against: commit ${commit} is older than the benchmarks, so that it cannot be measured.`,
    );
  return { commit, date, subject };
}

/** Checks a commit out beside the working tree and installs it; it is removed when the process ends. */
export function checkOut(name: string): Checkout {
  const commit = commitOf(name);
  const parent = mkdtempSync(join(tmpdir(), 'funhash-bench-'));
  const folder = join(parent, commit.commit);
  process.once('exit', () => {
    git('worktree', 'remove', '--force', folder);
    rmSync(parent, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  const made = git('worktree', 'add', '--detach', folder, commit.commit);
  if (!made.ok)
    throw new Error(`--against: commit ${commit.commit} could not be checked out: ${made.errors}`);
  console.log(`Installing commit ${commit.commit} in ${folder}\n`);
  const { status } = spawnSync(
    'npx',
    // No script runs. What is built is built by this process.
    [
      '-y',
      'pnpm@12',
      'install',
      '--frozen-lockfile',
      '--prefer-offline',
      '--ignore-scripts',
      '--reporter=append-only',
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0 || !existsSync(join(folder, 'benchmarks/node_modules')))
    throw new Error(`--against: commit ${commit.commit} could not be installed.`);
  other = { ...commit, folder };
  return other;
}
