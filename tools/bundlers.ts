// The bundlers that a page may come from, each as it works without configuration beside an entry and a folder.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A page that is to be bundled. */
export interface Site {
  /** Folder with `main.mjs` and `worker.mjs`; the bundle goes to its folder `dist`, beside an `index.html`. */
  readonly folder: string;
}

/** A bundler, and how it is told that a file is a worker. */
export interface Bundler {
  readonly name: string;
  /** The worker of the page, in the way that the bundler knows or that needs no bundler. */
  readonly startWorker: string;
  /** Bundles a site; gives what it warned of. */
  bundle(site: Site): Promise<readonly string[]>;
}

const byUrl = `new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' })`;
const byName = `new Worker('worker.js', { type: 'module' })`;

const esbuild: Bundler = {
  name: 'esbuild',
  startWorker: byName,
  async bundle({ folder }) {
    const { build } = await import('esbuild');
    const { warnings } = await build({
      ...entriesOf(folder),
      bundle: true,
      format: 'esm',
      splitting: true,
      minify: true,
      outdir: join(folder, 'dist'),
      logLevel: 'silent',
    });
    await writeFile(join(folder, 'dist', 'index.html'), html('main.js'));
    return warnings.map(({ text }) => text);
  },
};

/** One file without modules, as a plain script: what `esbuild --bundle` makes when it is told nothing else. */
const esbuildScript: Bundler = {
  name: 'esbuild, one script',
  startWorker: byName.replace('module', 'classic'),
  async bundle({ folder }) {
    const { build } = await import('esbuild');
    const { warnings } = await build({
      ...entriesOf(folder),
      bundle: true,
      outdir: join(folder, 'dist'),
      logLevel: 'silent',
    });
    await writeFile(join(folder, 'dist', 'index.html'), html('main.js', ''));
    return warnings.map(({ text }) => text);
  },
};

const webpack: Bundler = {
  name: 'webpack',
  startWorker: byUrl,
  async bundle({ folder }) {
    const { default: webpack } = await import('webpack');
    const compiler = webpack({
      mode: 'production',
      context: folder,
      entry: './main.mjs',
      output: { path: join(folder, 'dist') },
    });
    const stats = await new Promise<import('webpack').Stats | undefined>((resolve, reject) => {
      compiler?.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    await new Promise((resolve) => compiler?.close(resolve));
    const { errors = [], warnings = [] } = stats?.toJson({ errors: true, warnings: true }) ?? {};
    if (errors[0]) throw new Error(errors.map(({ message }) => message).join('\n'));
    await writeFile(join(folder, 'dist', 'index.html'), html('main.js', ''));
    // Above 244 KiB before compression webpack advises to split: sizes have ceilings of their own, in .size-limit.mjs.
    return warnings
      .map(({ message }) => message)
      .filter((message) => !/size limit|code splitting/.test(message));
  },
};

const rollup: Bundler = {
  name: 'rollup',
  startWorker: byName,
  async bundle({ folder }) {
    const { rollup } = await import('rollup');
    const { nodeResolve } = await import('@rollup/plugin-node-resolve');
    const warnings: string[] = [];
    const bundle = await rollup({
      input: { main: join(folder, 'main.mjs'), worker: join(folder, 'worker.mjs') },
      // CommonJS needs one plugin more: none of the packages that a page loads is.
      plugins: [nodeResolve()],
      onLog: (level, { message }) => {
        if (level === 'warn') warnings.push(message);
      },
    });
    await bundle.write({ dir: join(folder, 'dist'), format: 'es' });
    await bundle.close();
    await writeFile(join(folder, 'dist', 'index.html'), html('main.js'));
    return warnings;
  },
};

/** @param load the version's own module */
function vite(
  name: string,
  load: () => Promise<Pick<typeof import('vite'), 'build' | 'createLogger'>>,
): Bundler {
  return {
    name,
    startWorker: byUrl,
    async bundle({ folder }) {
      const { build, createLogger } = await load();
      await writeFile(join(folder, 'index.html'), html('main.mjs'));
      const warnings: string[] = [];
      const customLogger = createLogger('silent');
      for (const log of ['warn', 'warnOnce', 'error'] as const)
        customLogger[log] = (message: string) => void warnings.push(message);
      await build({ root: folder, base: './', configFile: false, customLogger });
      return warnings;
    },
  };
}

export const bundlers: readonly Bundler[] = [
  esbuild,
  esbuildScript,
  webpack,
  rollup,
  vite('vite 5', () => import('vite5') as never),
  vite('vite 7', () => import('vite7') as never),
  vite('vite 8', () => import('vite')),
];

function entriesOf(folder: string) {
  return { entryPoints: { main: join(folder, 'main.mjs'), worker: join(folder, 'worker.mjs') } };
}

function html(script: string, type = ' type="module"'): string {
  return `<!doctype html>\n<meta charset="utf-8">\n<script${type} src="./${script}"></script>\n`;
}
