import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BackendError } from '@funhash/tensor';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ModuleBuilder } from '../assembler/module-builder.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { Threads } from './threads.ts';
import { workers } from './workers.ts';

/** Two or more threads, those of the workers started. */
async function started(count = 2): Promise<Threads> {
  const threads = new Threads(new LinearMemory(true), workers(count - 1));
  onTestFinished(() => threads.close());
  await untilStarted(threads);
  return threads;
}

async function untilStarted(threads: Threads): Promise<void> {
  while (threads.usage.started < threads.count - 1) await sleep(2);
}

/** store(address, value), and trap(): a store behind the end of the memory. */
function storeModule(): ModuleBuilder {
  const module = new ModuleBuilder();
  const { code, arguments: locals } = module.function('store', ['i32', 'i32']);
  code.get(...locals).memory('i32.store');
  module.function('trap', []).code.i32(-4).i32(1).memory('i32.store', 0);
  return module;
}

/** Has `count` words from `address` on written, each by a call of its own; gives the words. */
function storeAll(threads: Threads, address: number, count: number, salt = 1): number[] {
  const linked = threads.link<'store' | 'trap'>(storeModule());
  threads.split(threads.count, count, 1, (thread, from, some) => {
    const { store } = thread.functions(linked);
    for (let k = from; k < from + some; k++) store(address + 4 * k, salt * k);
  });
  return [...threads.memory.i32.subarray(address / 4, address / 4 + count)];
}

/** Time for workers to take their shares, which they almost always do then. */
function letWorkersTake(): void {
  for (const until = performance.now() + 20; performance.now() < until; );
}

const multiples = (count: number, salt = 1): number[] => Array.from({ length: count }, (_, k) => salt * k);

describe('shares of workers', () => {
  test('are done, in lists of any length, and take no memory for good', async () => {
    const threads = await started(3);
    const { memory } = threads;
    const address = memory.allocate(400_000);
    expect(storeAll(threads, address, 7)).toEqual(multiples(7));
    const { usedBytes } = memory.usage;
    expect(storeAll(threads, address, 100_000, 3)).toEqual(multiples(100_000, 3));
    expect(threads.usage.started).toBe(2);
    // A module's bytes stay, for workers that start late.
    expect(memory.usage.usedBytes - usedBytes).toBeLessThan(1000);
  });

  test('see memory that was added after the worker started', async () => {
    const threads = await started();
    storeAll(threads, threads.memory.allocate(64), 4);
    const address = threads.memory.allocate(threads.memory.usage.reservedBytes * 2);
    expect(storeAll(threads, address, 50_000)).toEqual(multiples(50_000));
  });

  test('are taken by the worker while the calling thread is busy', async () => {
    const threads = await started();
    const address = threads.memory.allocate(64);
    const linked = threads.link<'store' | 'trap'>(storeModule());
    threads.split(2, 2, 1, (thread, from) => {
      const { store } = thread.functions(linked);
      if (from === 1) store(address, 42);
      else
        for (const until = performance.now() + 5000; performance.now() < until; )
          if (Atomics.load(threads.memory.i32, address / 4) === 42) break;
    });
    expect(threads.memory.i32[address / 4]).toBe(42);
    expect(threads.usage.shares).toBe(1);
  });

  test('a module that is linked while calls are written down is loaded before them', async () => {
    const threads = await started();
    const address = threads.memory.allocate(64);
    threads.split(2, 2, 1, (thread, from) => {
      const linked = threads.link<'store' | 'trap'>(storeModule());
      thread.functions(linked).store(address + 4 * from, 7);
    });
    expect([...threads.memory.i32.subarray(address / 4, address / 4 + 2)]).toEqual([7, 7]);
    expect(storeAll(threads, address, 4)).toEqual(multiples(4));
  });
});

describe('shares that no worker takes are done by the calling thread', () => {
  test('before it has started', () => {
    const threads = new Threads(new LinearMemory(true), workers(1));
    onTestFinished(() => threads.close());
    expect(storeAll(threads, threads.memory.allocate(400), 100)).toEqual(multiples(100));
    expect(threads.usage.shares).toBe(0);
  });

  test('after close', async () => {
    const threads = await started();
    threads.close();
    expect(threads.usage.started).toBe(0);
    expect(storeAll(threads, threads.memory.allocate(400), 100)).toEqual(multiples(100));
    expect(threads.usage.shares).toBe(0);
  });

  test('where it cannot load a module', async () => {
    const threads = await started();
    const address = threads.memory.allocate(400);
    const { usedBytes } = threads.memory.usage;
    const linked = threads.link<'store' | 'trap'>(storeModule());
    // The bytes that the worker is to load are the last that were allocated.
    const bytes = new Uint8Array(threads.memory.memory.buffer);
    const magic = bytes.findLastIndex((byte, k) => byte === 0x61 && bytes[k + 1] === 0x73);
    bytes[magic] = 0;
    expect(usedBytes).toBeGreaterThan(0);
    for (let round = 1; threads.usage.started > 0; round++) {
      threads.split(2, 20, 1, (thread, from, count) => {
        if (from === 0) letWorkersTake();
        const { store } = thread.functions(linked);
        for (let k = from; k < from + count; k++) store(address + 4 * k, round * k);
      });
      expect([...threads.memory.i32.subarray(address / 4, address / 4 + 20)]).toEqual(multiples(20, round));
    }
    expect(threads.usage.shares).toBe(0);
    expect(storeAll(threads, address, 20)).toEqual(multiples(20));
  });
});

describe('failures', () => {
  test('a trap in a worker is an error here; memory is given back and the worker works on', async () => {
    const threads = await started();
    const address = threads.memory.allocate(400);
    storeAll(threads, address, 100);
    const linked = threads.link<'store' | 'trap'>(storeModule());
    const { usedBytes } = threads.memory.usage;
    const { shares } = threads.usage;
    const trap = (): void =>
      threads.split(2, 2, 1, (thread, from) => {
        if (from === 0) letWorkersTake();
        else thread.withBlock(1000, () => thread.functions(linked).trap());
      });
    do {
      expect(trap).toThrow(BackendError);
      expect(trap).toThrow(/memory access out of bounds/);
    } while (threads.usage.shares === shares);
    expect(threads.memory.usage.usedBytes).toBe(usedBytes);
    expect(storeAll(threads, address, 100, 5)).toEqual(multiples(100, 5));
  });

  test('an error while calls are written down reaches the caller, and nothing is posted', async () => {
    const threads = await started(3);
    const { usedBytes } = threads.memory.usage;
    for (const place of [0, 1, 2])
      expect(() =>
        threads.split(3, 3, 1, (thread, from) => {
          thread.withBlock(1000, () => {
            if (from === place) throw new RangeError('not this one');
          });
        }),
      ).toThrow(RangeError);
    // One chunk of each worker for its lists stays.
    expect(threads.memory.usage.usedBytes - usedBytes).toBeLessThan(200_000);
    expect(storeAll(threads, threads.memory.allocate(400), 100)).toEqual(multiples(100));
  });
});

test('a process ends while its workers wait', async () => {
  const backend = fileURLToPath(new URL('../create-backend.ts', import.meta.url));
  const script = `
    const { createBackend } = await import(${JSON.stringify(backend)});
    const backend = createBackend({ threads: 2 });
    while (backend.workerUsage().started === 0) await new Promise((done) => setTimeout(done, 5));
    console.log('threads', backend.threads);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@funhash/source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: 30_000 },
  );
  expect(stdout.trim()).toBe('threads 2');
});
