import type { RunRequest } from '../spec/run-spec.ts';
import { runStore } from '../store/run-store.ts';

// Carries out runs in a store, as a process of its own: a line of JSON for each event, and for each run that is refused.
const [path, requests] = process.argv.slice(2) as [string, string];
const store = runStore(path);
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function carryOut(request: RunRequest): Promise<void> {
  try {
    for await (const event of store.run(request)) print(event);
  } catch (error) {
    print({ type: 'refused', name: (error as Error).name });
  }
}

void Promise.all((JSON.parse(requests) as RunRequest[]).map(carryOut));
