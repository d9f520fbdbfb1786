import { x } from 'tinyexec';
import { expect, test } from 'vitest';

/** What `useBackend('gpu')` says in a process in which the import of gpu.js runs `gpuJs`, or finds nothing. */
async function errorWith(gpuJs: string | undefined): Promise<unknown> {
  const found = gpuJs === undefined ? undefined : `data:text/javascript,${encodeURIComponent(gpuJs)}`;
  const hooks = `export async function resolve(specifier, context, next) {
    const found = ${JSON.stringify(found)};
    if (specifier !== 'gpu.js') return next(specifier, context);
    return found ? { url: found, shortCircuit: true } : next('no-such-package', context);
  }`;
  const program = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const { Dense, useBackend } = await import('@funhash/layers');
    new Dense({ in: 2, out: 1 });
    const error = await useBackend('gpu').catch((error) => error);
    console.log(JSON.stringify({ name: error?.constructor?.name, text: String(error) }));`;
  const flags = ['--conditions=@funhash/source', '--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout, stderr } = await x('node', flags, {
    nodeOptions: { cwd: new URL('..', import.meta.url).pathname },
  });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

test('without gpu.js layers work, and useBackend tells how to install it', async () => {
  expect(await errorWith(undefined)).toEqual({
    name: 'BackendError',
    text: expect.stringMatching(/gpu\.js.*no such package here.*npm i gpu\.js/s),
  });
});

test('a gpu.js that does not start is told, with what it says', async () => {
  expect(await errorWith('throw new Error("built for another engine")')).toEqual({
    name: 'BackendError',
    text: expect.stringMatching(/one that does not load.*built for another engine.*npm i gpu\.js/s),
  });
});

test('a package of that name that is another is told', async () => {
  expect(await errorWith('export const answer = 42;')).toEqual({
    name: 'BackendError',
    text: expect.stringMatching(/a package without the class GPU.*npm i gpu\.js/s),
  });
});

test('modes that do not work here are told, with what to do', async () => {
  const program = `
    const { createBackend } = await import('@funhash/gpu');
    const told = [];
    for (const mode of ['headlessgl', 'webgl2'])
      told.push(await createBackend({ mode }).then(() => 'started', String));
    console.log(JSON.stringify(told));`;
  const flags = ['--conditions=@funhash/source', '--import', 'tsx', '--input-type=module', '--eval', program];
  // No display: WebGL does not start, whether its addon is compiled or not.
  const { stdout } = await x('node', flags, {
    nodeOptions: { cwd: new URL('..', import.meta.url).pathname, env: { ...process.env, DISPLAY: '' } },
  });
  const [headless, browser] = JSON.parse(stdout) as [string, string];
  expect(headless).toMatch(/BackendError.*mode headlessgl.*not supported here.*xvfb-run -a/s);
  expect(browser).toMatch(/BackendError.*mode webgl2.*Use a browser with WebGL2/s);
});
