import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execArgv, resourceUsage } from 'node:process';
import { fileURLToPath } from 'node:url';
import { toOnnx } from '@funhash/export';
import { Dense, hashedNet } from '@funhash/layers';
import { onnxNode, onnxWeb } from './onnx-runtimes.ts';

// Peak memory of ONNX Runtime with a hashed matrix of 2048 × 2048 that is dense, decoded at the start, or block by block:
//   npx tsx --conditions=@funhash/source tools/onnx-memory.ts
// Each in a process of its own; onnxruntime-node where benchmarks/rivals is installed.

const width = 2048;
const [, script, file, platform] = argv as [string, string, string?, string?];

if (file !== undefined) await measured(file, platform === 'node' ? await onnxNode() : await onnxWeb());
else await all();

async function all(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-memory-'));
  try {
    const net = new Dense({ in: width, out: width, weight: hashedNet({ ratio: 1 / 64 }), seed: 1 });
    const forms = {
      dense: { weights: 'dense' },
      folded: { memory: 'folded' },
      scan: { memory: 'scan' },
    } as const;
    for (const [name, options] of Object.entries(forms)) {
      const { bytes } = await toOnnx(net, { ...options, input: [width], batch: 'any' });
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, bytes);
      console.log(`${name}: a file of ${bytes.length} bytes`);
      for (const runtime of (await onnxNode()) ? ['node', 'web'] : ['web'])
        console.log(
          execFileSync(process.execPath, [...execArgv, fileURLToPath(import.meta.url), path, runtime], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'inherit'],
          }).trimEnd(),
        );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts a session, runs it, and tells what that took. */
async function measured(path: string, runtime: Awaited<ReturnType<typeof onnxNode>>): Promise<void> {
  if (!runtime) throw new Error('onnxruntime-node is not there.');
  const peak = (): number => resourceUsage().maxRSS / 1024;
  const before = peak();
  const start = performance.now();
  const session = await runtime.InferenceSession.create(readFileSync(path), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const started = performance.now() - start;
  const times = [];
  for (const batch of [1, 64]) {
    const x = new runtime.Tensor('float32', new Float32Array(batch * width), [batch, width]);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const from = performance.now();
      await session.run({ x });
      best = Math.min(best, performance.now() - from);
    }
    times.push(`${best.toFixed(1)} ms for ${batch}`);
  }
  const more = peak() - before;
  console.log(
    `  ${script && platform}: peak ${more.toFixed(0)} MB, start ${started.toFixed(0)} ms, ${times.join(', ')}`,
  );
}
