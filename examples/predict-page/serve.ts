import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, defaultClientConditions } from 'vite';
import { makeModel } from './make-model.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** Builds the page and its model into a folder, and serves it under the content security policy of the time. */
export async function servePage(policy: () => string, port = 0): Promise<{ server: Server; url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'funhash-predict-page-'));
  await build({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    base: './',
    // Within this repository the packages are read from their sources.
    resolve: { conditions: ['@funhash/source', ...defaultClientConditions] },
    build: { target: 'esnext', outDir: folder, emptyOutDir: true, modulePreload: false },
  });
  await writeFile(join(folder, 'ring.fhp'), await makeModel());
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url ?? '/', 'http://page');
    const path = pathname === '/' ? 'index.html' : pathname;
    try {
      const body = await readFile(join(folder, path));
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy() }).end(body);
    } catch {
      // Browsers ask for an icon, too.
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
    }
  });
  server.on('close', () => void rm(folder, { recursive: true, force: true }));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}/` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await servePage(() => "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'", 5174);
  console.log(url);
}
