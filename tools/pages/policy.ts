// What a network and an explicit choice of backend do under the content security policy of the page.
import { Dense, tensor, useBackend } from '@funhash/layers';

async function run() {
  const warned: string[] = [];
  console.warn = (text: string) => warned.push(text);
  const net = new Dense({ in: 2, out: 1 });
  const { backend } = net.forward(tensor([[1, 2]]));
  net.forward(tensor([[3, 4]]));
  const chosen = await useBackend('wasm', { threads: 2 }).then(({ threads }) => threads, String);
  return { backend: backend.name, warned, chosen };
}

Object.assign(globalThis, { result: run() });
