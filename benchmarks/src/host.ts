// The process of one library. Its parent asks for turns; the times are taken here, around the library's calls alone.

import { Bench } from 'tinybench';
import type { Library } from './libraries.ts';
import type { Ready, Runner, Task } from './task.ts';

type Request =
  | { readonly do: 'open'; readonly library: Library }
  | { readonly do: 'prepare'; readonly name: string; readonly task: Task }
  | { readonly do: 'turn'; readonly name: string; readonly leastMs: number }
  | { readonly do: 'memory' };

export type Asked = Request & { readonly id: number };

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Memory {
  /** Largest resident set of the process so far, and the present one. */
  readonly peakResidentBytes: number;
  readonly residentBytes: number;
  /** The library's own account. */
  readonly own: Readonly<Record<string, number>>;
}

/** What each request is answered with. */
export interface Answers {
  readonly open: undefined;
  /** The value that the task is checked by, where it has one. */
  readonly prepare: number | undefined;
  /** Milliseconds of each call. */
  readonly turn: readonly number[];
  readonly memory: Memory;
}

const runners: Readonly<Record<Library['runner'], () => Promise<{ createRunner: unknown }>>> = {
  funhash: () => import('./funhash.ts'),
  tfjs: () => import('../rivals/tfjs.ts'),
  jax: () => import('../rivals/jax.ts'),
  onnx: () => import('../rivals/onnx.ts'),
  brain: () => import('../rivals/brain.ts'),
};

let runner: Runner;
const ready = new Map<string, Ready & { readonly isAsync: boolean }>();

async function answer(request: Request): Promise<Answers[keyof Answers]> {
  switch (request.do) {
    case 'open': {
      const { createRunner } = await runners[request.library.runner]();
      runner = await (createRunner as (options: Library['options']) => Promise<Runner>)(
        request.library.options,
      );
      return undefined;
    }
    case 'prepare': {
      const made = await runner.prepare(request.task);
      const value = await made.value?.();
      const first = made.run();
      ready.set(request.name, { ...made, isAsync: first instanceof Promise });
      await first;
      return value;
    }
    case 'turn': {
      const { run, isAsync } = ready.get(request.name) as Ready & { isAsync: boolean };
      const bench = new Bench({
        iterations: 1,
        time: request.leastMs,
        warmup: false,
        retainSamples: true,
        throws: true,
      });
      bench.add(request.name, run, { async: isAsync });
      const [task] = await bench.run();
      if (task?.result.state !== 'completed') throw new Error(`${request.name}: ${task?.result.state}`);
      return [...(task.result.latency.samples as readonly number[])];
    }
    case 'memory':
      return {
        peakResidentBytes: process.resourceUsage().maxRSS * 1024,
        residentBytes: process.memoryUsage.rss(),
        own: runner.memoryBytes(),
      };
  }
}

process.on('message', async ({ id, ...request }: Asked) => {
  const reply: Answer = await answer(request).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
});
