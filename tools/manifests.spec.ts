import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));

interface Manifest {
  readonly [field: string]: unknown;
  readonly name: string;
  readonly private?: boolean;
  readonly keywords?: readonly string[];
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly repository?: { readonly url: string; readonly directory: string };
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

const published = readdirSync(packages)
  .map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(`${packages}${folder}/package.json`, 'utf8')) as Manifest,
  }))
  .filter(({ manifest }) => manifest.private !== true)
  .map((entry) => [entry.manifest.name, entry] as const);

describe.each(published)('%s', (_, { folder, manifest }) => {
  test('says what it is, under which licence, for which engines', () => {
    expect(manifest).toMatchObject({
      description: expect.stringMatching(/^\S.{20,}[^.]$/),
      license: 'MIT',
      type: 'module',
      sideEffects: false,
      engines: { node: '>=20.19' },
      files: ['dist'],
      publishConfig: { access: 'public' },
    });
    expect(manifest.keywords).toContain('funhash');
    expect(new Set(manifest.keywords).size).toBeGreaterThan(2);
    expect(manifest.keywords).toHaveLength(new Set(manifest.keywords).size);
    expect(readFileSync(`${packages}${folder}/README.md`, 'utf8')).toMatch(`# ${manifest.name}\n`);
  });

  test('gives types first for each entry, and few files to Node', () => {
    const isProgram = readFileSync(`${packages}${folder}/tsdown.config.ts`, 'utf8').includes('program(');
    const names = ['@funhash/source', 'types', ...(isProgram ? [] : ['node']), 'default'];
    for (const [entry, conditions] of Object.entries(manifest.exports ?? {})) {
      expect([entry, ...Object.keys(conditions)]).toEqual([entry, ...names]);
      const { node, default: whole } = conditions as Record<string, string>;
      if (node) expect(node).toBe(whole?.replace('./dist/', './dist/node/'));
    }
  });

  test('asks no one to install more than it says, and runs nothing when it is installed', () => {
    for (const peer of Object.keys(manifest.peerDependencies ?? {}))
      expect(manifest.peerDependenciesMeta?.[peer], peer).toEqual({ optional: true });
    expect(Object.keys(manifest.scripts ?? {})).toEqual(['build']);
  });
});

test('all name the same repository, or none', () => {
  const places = published.map(([, { folder, manifest }]) => {
    const { repository, homepage, bugs } = manifest;
    if (repository) expect(repository.directory).toBe(`packages/${folder}`);
    return JSON.stringify([repository?.url, homepage, bugs]);
  });
  expect(new Set(places).size).toBe(1);
});
