import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { main } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';
import { Losses } from './losses.ts';
import { openWatch, type View, type Watch } from './watch-server.ts';

const open: Watch[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((watch) => watch.close('over')));
});
async function opened(port?: number): Promise<Watch> {
  const watch = await openWatch(port);
  open.push(watch);
  return watch;
}

interface Message {
  readonly title: string;
  readonly sections: readonly {
    readonly name: string;
    readonly html?: string;
    readonly charts?: unknown[];
  }[];
}

/** Messages of a stream of events, as they come, to its end. */
async function* messagesOf(url: string): AsyncGenerator<readonly [event: string, value: Message | string]> {
  const { body } = await fetch(`${url}events`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event) yield [event, JSON.parse(data as string)];
    }
  }
}

const viewOf = (count: number): View => ({
  title: 'a <run>',
  intro: 'of <b>markup</b>',
  sections: [
    { title: 'Progress', html: `<p>${count}</p>` },
    { title: 'Same', text: 'as ever' },
  ],
});

/** What a request with another host's name gets. */
const statusAs = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });

describe('a page that follows', () => {
  test('is told all at first, then what changed, then the end', async () => {
    const watch = await opened();
    watch.show(() => viewOf(1));
    const messages = messagesOf(watch.url);
    const [, first] = (await messages.next()).value as [string, Message];
    expect(first).toMatchObject({ title: 'a <run>', intro: 'of &lt;b&gt;markup&lt;/b&gt;' });
    expect(first.sections.map(({ html }) => html)).toEqual([
      '<section><h2>Progress</h2><p>1</p></section>',
      '<section><h2>Same</h2><p>as ever</p></section>',
    ]);
    watch.show(() => viewOf(2));
    watch.show(() => viewOf(3));
    const [, second] = (await messages.next()).value as [string, Message];
    expect(second.sections).toMatchObject([{ html: expect.stringContaining('<p>3</p>') }, { name: 'Same' }]);
    expect(second.sections[1]).not.toHaveProperty('html');
    watch.show(() => viewOf(4));
    await watch.close('over');
    const rest = [];
    for await (const message of messages) rest.push(message);
    expect(rest).toMatchObject([
      ['view', { sections: [{ html: expect.stringContaining('<p>4</p>') }, { name: 'Same' }] }],
      ['ended', 'over'],
    ]);
    await expect(fetch(watch.url)).rejects.toThrow();
  });

  test('a second page is told all, too', async () => {
    const watch = await opened();
    watch.show(() => viewOf(1));
    await messagesOf(watch.url).next();
    const [, second] = (await messagesOf(watch.url).next()).value as [string, Message];
    expect(second.sections.every(({ html }) => html !== undefined)).toBe(true);
  });

  test('nothing is made where nobody looks', async () => {
    const watch = await opened();
    watch.show(() => {
      throw new Error('made');
    });
    await watch.close('over');
  });

  test('other hosts, other sites, other methods and other paths get nothing', async () => {
    const { url } = await opened();
    expect(await statusAs(url, { host: 'evil.example' })).toBe(403);
    expect(await statusAs(`${url}events`, { host: 'evil.example:80' })).toBe(403);
    expect(await statusAs(`${url}events`, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await statusAs(url, { host: 'localhost:8000' })).toBe(200);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}../../etc/passwd`)).status).toBe(404);
    const policy = (await fetch(url)).headers.get('content-security-policy');
    expect(policy).toMatch(/^default-src 'none'; script-src 'nonce-[^']+';/);
  });

  test('pages beyond sixteen are refused, and as many come back as leave', async () => {
    const { url } = await opened();
    const leave = new AbortController();
    const all = await Promise.all(
      Array.from({ length: 16 }, () => fetch(`${url}events`, { signal: leave.signal })),
    );
    expect(all.map(({ status }) => status)).toEqual(Array(16).fill(200));
    expect((await fetch(`${url}events`)).status).toBe(503);
    leave.abort();
    await expect.poll(async () => (await fetch(`${url}events`)).status).toBe(200);
  });

  test('a port that is taken is told', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = other.address() as { port: number };
      await expect(openWatch(port)).rejects.toThrow(UsageError);
    } finally {
      other.close();
    }
  });
});

describe('of a command', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'funhash-watch-'));
    await writeTinyImages(join(root, 'tiny'), 200, 40);
  });
  afterAll(() => rm(root, { recursive: true }));

  /** Runs it, and gives what a page was told at last. */
  async function lastOf(code: number, ...args: string[]) {
    let told: Promise<(readonly [string, Message | string])[]> | undefined;
    const all = async (url: string) => {
      const list = [];
      for await (const message of messagesOf(url)) list.push(message);
      return list;
    };
    const ended = await main([...args, '--watch'], {
      line: () => {},
      note: (text) => {
        const [, url] = /follow it at (\S+)/.exec(text) ?? [];
        if (url) told = all(url);
      },
      isTerminal: false,
    });
    expect(ended).toBe(code);
    const messages = (await told) ?? [];
    const [, ending] = messages.at(-1) ?? [];
    const view = messages.findLast(([event]) => event === 'view')?.[1] as Message | undefined;
    return { ending, titles: view?.sections.map(({ name }) => name) };
  }

  const quick = ['--batch-size', '20', '--backend', 'reference', '--validation', '40', '--threads', '1'];

  test('train ends with its report', async () => {
    const out = join(root, 'run');
    const shape = ['--data', join(root, 'tiny'), '--hidden', '8', '--epochs', '2'];
    const { titles, ending } = await lastOf(0, 'train', ...shape, ...quick, '--out', out);
    const report = await readFile(join(out, 'report.html'), 'utf8');
    const all = [...report.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual(all.slice(0, -1));
    expect(ending).toBe('It is done.');
  });

  test('what fails tells why', async () => {
    const absent = ['train', '--data', join(root, 'absent'), ...quick];
    expect((await lastOf(2, ...absent)).ending).toMatch(/^It failed: .*absent/s);
  });

  test('sweep ends with all its runs', async () => {
    const spec = join(root, 'sweep.json');
    const data = { name: join(root, 'tiny'), validation: 40 };
    const base = { data, net: { widths: [8] }, epochs: 1, backend: 'reference' };
    await writeFile(spec, JSON.stringify({ base, vary: { seed: [0, 1] } }));
    const { titles, ending } = await lastOf(0, 'sweep', spec, '--threads', '1', '--out', join(root, 'sweep'));
    expect(titles).toEqual(['Progress', 'All runs', 'Error against bytes', 'On the line', 'The best 2']);
    expect(ending).toBe('It is done.');
  });

  test('a port that is none is refused', async () => {
    expect((await run('train', '--watch', '80x')).notes).toMatch(/--watch: expected a port from 0 to 65535/);
  });
});

test('losses of any number of steps keep to a chart, in order, with their mean', () => {
  for (const count of [0, 1, 2, 399, 400, 401, 5000, 100_003]) {
    const losses = new Losses();
    for (let step = 1; step <= count; step++) losses.add(step, step);
    const [chart] = losses.chart('Loss');
    if (count < 2) {
      expect(chart).toBeUndefined();
      continue;
    }
    const steps = chart?.x.values ?? [];
    const values = chart?.series[0]?.values as number[];
    expect(steps.length).toBeLessThan(400);
    expect(steps.length).toBeGreaterThan(Math.min(count, 200) - 2);
    const width = steps[0] as number;
    expect(steps).toEqual(steps.map((_, k) => (k + 1) * width));
    expect(values).toEqual(steps.map((step) => step - (width - 1) / 2));
  }
});
