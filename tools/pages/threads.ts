// A product that is large enough for two threads, again and again until the second one has taken its share.
import { useBackend } from '@funhash/layers';
import { matmulCall, runCall, scope, tensor } from '@funhash/tensor';

const side = 384;

async function run() {
  const backend = await useBackend('wasm', { strict: true, threads: 2 });
  const a = tensor(
    Float32Array.from({ length: side * side }, (_, k) => Math.sin(k)),
    [side, side],
  );
  const product = (): Float32Array => scope(() => runCall(matmulCall(a, a)).dataSync()) as Float32Array;
  const first = product();
  let same = true;
  const until = performance.now() + 20_000;
  while (backend.threads > 1 && backend.workerUsage().shares === 0 && performance.now() < until) {
    same &&= product().every((value, k) => value === first[k]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const shared = backend.workerUsage().shares > 0;
  backend.close();
  // Closed: the calling thread does all, with the same result.
  const closed = product().every((value, k) => value === first[k]);
  return { threads: backend.threads, isolated: crossOriginIsolated, shared, same, closed };
}

Object.assign(globalThis, { result: run() });
