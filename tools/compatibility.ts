import { createBackend as createGpu } from '@funhash/gpu';
import { type Backend, fallbackCounts, type Kernels } from '@funhash/tensor';
import { backendLaws } from '@funhash/tensor/testing';
import { createBackend as createWasm } from '@funhash/wasm';
import { checkedLaws, namesOf } from './gpu-schemes.ts';

/** Where the first law of each kernel ran on a backend, by kernel. */
async function placesOf(backend: Backend, dtype: 'f32' | 'f64'): Promise<Map<string, string>> {
  const calls = new Map<string, number>();
  const kernels = Object.fromEntries(
    Object.entries(backend.kernels).map(([name, kernel]) => [
      name,
      (...args: unknown[]) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return (kernel as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  ) as Partial<Kernels>;
  const counted: Backend = Object.assign(Object.create(backend), { kernels });
  const places = new Map<string, string>();
  for (const { name, check } of backendLaws(async () => counted, { floats: [dtype] })) {
    const kernel = name.slice(0, name.indexOf(':'));
    if (!(kernel in kernels) || places.has(kernel)) continue;
    const counter = `${backend.name}.${kernel}`;
    const before = fallbackCounts()[counter] ?? 0;
    calls.clear();
    await check();
    const left = (fallbackCounts()[counter] ?? 0) - before;
    const all = calls.get(kernel) ?? 0;
    places.set(kernel, left === 0 ? '✓' : left < all ? '✓, other types on the host' : 'host');
  }
  return places;
}

/** Tables of docs/backends.md: where kernels run, and which laws of schemes are checked on the GPU. */
export async function compatibilityTables(): Promise<string> {
  const [wasm, gpu] = [await createWasm({}), await createGpu({ mode: 'cpu' })];
  const columns = [
    await placesOf(wasm, 'f32'),
    await placesOf(wasm, 'f64'),
    await placesOf(gpu, 'f32'),
    await placesOf(gpu, 'f64'),
  ];
  await gpu.close();
  const kernels = [...(columns[0]?.keys() ?? [])].map((kernel) => [
    `\`${kernel}\``,
    ...columns.map((places) => places.get(kernel) ?? 'none'),
  ]);
  const schemes = namesOf('cpu').map((name) => {
    const shaders = namesOf('webgl2').includes(name) ? checkedLaws('webgl2', name).join(', ') : 'not checked';
    return [name, checkedLaws('cpu', name).join(', '), shaders];
  });
  return [
    table(['kernel', '`wasm`, f32', '`wasm`, f64', '`gpu`, f32', '`gpu`, f64'], kernels),
    table(['weight', '`gpu`, `cpu`', '`gpu`, `headlessgl` and `webgl2`'], schemes),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
