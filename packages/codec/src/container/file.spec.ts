import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArgumentError } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readBytes } from '../bytes/read-bytes.ts';
import { saveBytes } from '../bytes/save-bytes.ts';
import { ModelFileError } from './model-file-error.ts';

const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i);
const files = nodeModule('node:fs/promises');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'codec-'));
  path = join(folder, 'net.safetensors');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('readBytes', () => {
  const handle = (file: File) =>
    ({ kind: 'file', name: file.name, getFile: async () => file }) as FileSystemFileHandle;
  const streamed = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
          controller.close();
        },
      }),
    );

  test.each([
    ['a path', () => path],
    ['a file URL', () => pathToFileURL(path)],
    ['a file URL as text', () => pathToFileURL(path).href],
    ['a blob', () => new Blob([bytes])],
    ['a file', () => new File([bytes], 'net')],
    ['a file handle', () => handle(new File([bytes], 'net'))],
    ['a buffer', () => bytes.buffer],
    ['a view with an offset', () => new DataView(Uint8Array.of(9, ...bytes).buffer, 1)],
    ['a response', () => new Response(bytes)],
    ['a response in small pieces', streamed],
  ])('%s, up to maxBytes', async (_, source) => {
    await writeFile(path, bytes);
    expect(await readBytes(source(), { maxBytes: bytes.length })).toEqual(bytes);
    const tooLong = readBytes(source(), { maxBytes: bytes.length - 1 });
    await expect(tooLong).rejects.toThrow(ModelFileError);
    await expect(tooLong).rejects.toThrow('at most 2999 bytes');
  });

  test('what is no file is refused before it is opened: devices have no end, pipes wait for a writer', async () => {
    await expect(readBytes('/dev/zero')).rejects.toThrow(
      /expected a file, got a pipe or a device.*Give its bytes/,
    );
    const pipe = join(folder, 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
    await expect(readBytes(pipe)).rejects.toMatchObject({ name: 'ModelFileError', source: pipe });
    await expect(readBytes(folder)).rejects.toThrow('got a folder');
  });

  test('a file that grows while it is read ends at maxBytes', async () => {
    await writeFile(path, bytes);
    const { stat } = files;
    vi.spyOn(files, 'stat').mockImplementation(async (...args) => {
      const found = await stat(...args);
      await writeFile(path, new Uint8Array(9000));
      return found;
    });
    await expect(readBytes(path, { maxBytes: 5000 })).rejects.toThrow('at most 5000 bytes');
    vi.restoreAllMocks();
  });

  test.each([[42], [null], [[1, 2]], [{}], ['']])('%j is no source', async (source) => {
    await expect(readBytes(source as never)).rejects.toThrow(ArgumentError);
  });

  test('an endless response is cancelled at maxBytes, a false content-length is not believed', async () => {
    let cancelled = false;
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(bytes),
        cancel: () => {
          cancelled = true;
        },
      });
    await expect(readBytes(new Response(body()), { maxBytes: 10_000 })).rejects.toThrow('got more');
    expect(cancelled).toBe(true);
    cancelled = false;
    const announced = new Response(body(), { headers: { 'content-length': '20000' } });
    await expect(readBytes(announced, { maxBytes: 10_000 })).rejects.toThrow('got 20000');
    expect(cancelled).toBe(true);
    const wrong = new Response(bytes, { headers: { 'content-length': '9' } });
    expect(await readBytes(wrong)).toEqual(bytes);
  });

  test('errors are typed and name their source', async () => {
    await expect(readBytes(path)).rejects.toMatchObject({ name: 'ModelFileError', source: path });
    await expect(readBytes(folder)).rejects.toThrow(ModelFileError);
    await expect(readBytes(new Response('', { status: 404 }))).rejects.toThrow('status 404');
    await expect(readBytes('nowhere://x')).rejects.toThrow(ModelFileError);
    const gone = {
      name: 'net',
      getFile: () => Promise.reject(new Error('gone')),
    } as unknown as FileSystemFileHandle;
    await expect(readBytes(gone)).rejects.toMatchObject({ source: 'net', cause: { message: 'gone' } });
  });

  test('a URL is fetched', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/net' ? 200 : 404;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await readBytes(`${origin}/net`)).toEqual(bytes);
      expect(await readBytes(new URL('/net', origin))).toEqual(bytes);
      await expect(readBytes(`${origin}/other`)).rejects.toThrow('status 404');
      await expect(readBytes(`${origin}/net`, { signal: AbortSignal.abort() })).rejects.toThrow(
        ModelFileError,
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('saveBytes', () => {
  test.each([[42], [null], [undefined], [{}], [[]], ['']])('%j is no target', async (target) => {
    await expect(saveBytes(target as never, bytes)).rejects.toThrow(ArgumentError);
  });
  test.each([['text'], [[1, 2]], [new Float32Array(1)], [new ArrayBuffer(2)]])(
    '%j are no bytes',
    async (content) => {
      await expect(saveBytes(path, content as never)).rejects.toThrow(ArgumentError);
    },
  );

  function sink(fails: boolean) {
    const seen: Uint8Array[] = [];
    let end = 'open';
    const stream = new WritableStream<Uint8Array>({
      write: (chunk) => {
        if (fails) throw new Error('full');
        seen.push(chunk);
      },
      close: () => {
        end = 'closed';
      },
      abort: () => {
        end = 'aborted';
      },
    });
    return { stream, seen, end: () => end };
  }

  test('to a path and a file URL', async () => {
    await saveBytes(path, bytes);
    expect(await readBytes(path)).toEqual(bytes);
    await saveBytes(pathToFileURL(path), bytes.subarray(2));
    expect(await readBytes(path)).toEqual(bytes.subarray(2));
  });

  test('to a stream and a file handle, which are closed', async () => {
    for (const target of ['stream', 'handle']) {
      const { stream, seen, end } = sink(false);
      const handle = { name: 'net', createWritable: async () => stream } as unknown as FileSystemFileHandle;
      await saveBytes(target === 'stream' ? stream : handle, bytes);
      expect([seen, end()]).toEqual([[bytes], 'closed']);
    }
  });

  test('a failing stream gives a typed error and is never closed', async () => {
    const { stream, end } = sink(true);
    await expect(saveBytes(stream, bytes)).rejects.toThrow(ModelFileError);
    expect(end()).not.toBe('closed');
  });
});
