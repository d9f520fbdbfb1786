import { createServer, defaultClientConditions, type Plugin } from 'vite';
import { inChromium } from './chromium.ts';
import type { Digits } from './gpu-training.ts';
import type { GpuPage } from './pages/gpu.ts';

/** Serves tools/pages/gpu.html, and calls what it offers, each time in a new Chromium with WebGL2. */
export async function serveGpuPage(digits?: Digits) {
  const server = await createServer({
    root: new URL('pages', import.meta.url).pathname,
    cacheDir: new URL('../node_modules/.vite-pages', import.meta.url).pathname,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@funhash/source', ...defaultClientConditions] },
    optimizeDeps: { include: ['@funhash/gpu > gpu.js', '@funhash/tensor > fast-check'] },
    // A source that is saved meanwhile must not load the page again.
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    plugins: digits ? [digitsAt('/digits/', digits)] : [],
  });
  await server.listen();
  return {
    close: () => server.close(),
    call: <N extends keyof GpuPage>(name: N, ...args: Parameters<GpuPage[N]>) =>
      inChromium(
        async (tab) => {
          await tab.goto(`${server.resolvedUrls?.local[0]}gpu.html`);
          await tab.waitForFunction('globalThis.page !== undefined');
          return tab.evaluate(`page.${name}(...${JSON.stringify(args)})`);
        },
        { webGl: true },
      ) as ReturnType<GpuPage[N]>,
  };
}

function digitsAt(path: string, digits: Digits): Plugin {
  return {
    name: 'digits',
    configureServer: ({ middlewares }) => {
      middlewares.use(path, (request, response) => {
        response.end(request.url === '/inputs' ? digits.inputs : digits.labels);
      });
    },
  };
}
