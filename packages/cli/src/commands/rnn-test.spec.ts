import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadImages } from '@funhash/experiments';
import { Dense, Flatten, LSTM, Reshape, Sequential } from '@funhash/layers';
import { adam, fit } from '@funhash/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const common = (): string[] => [
  '--data',
  at('data'),
  '--window',
  '1,5',
  '--radius',
  '0.4',
  '--norm',
  'max',
  '--plain',
  '--threads',
  '1',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funhash-rnn-test-'));
  await writeTinyImages(at('data'));
  const net = new Sequential(
    [
      new Reshape({ shape: [6, 6] }),
      new LSTM({ in: 6, hiddenSize: 12, output: 'last' }),
      new Dense({ in: 12, out: 10 }),
    ],
    { seed: 1 },
  );
  const { train } = await loadImages({ name: at('data'), seed: 0, validation: 0 });
  await fit({
    model: net,
    data: { ...train, inputShape: [6, 6, 1] },
    epochs: 6,
    optimizer: adam({ learningRate: 0.02 }),
  });
  await net.save(at('net.safetensors'));
  await new Sequential([new Flatten(), new Dense({ in: 36, out: 10 })]).save(at('dense.safetensors'));
});

afterAll(() => rm(folder, { recursive: true }));

test('searches, reports, goes on and replays', async () => {
  const model = ['--model', at('net.safetensors')];
  const whole = await run(
    'rnn-test',
    ...model,
    ...common(),
    '--budget',
    '1200',
    '--out',
    at('whole'),
    '--json',
  );
  expect(whole.notes).toMatch(/400 tests: nc \d/);
  expect(whole.code).toBe(0);
  const report = JSON.parse(whole.lines);
  expect(report.executions).toBe(1200);
  expect(report.failingSeeds).toBeGreaterThan(0);
  expect(await readFile(at('whole/report.html'), 'utf8')).toContain('data:image/bmp');
  const first = await run('rnn-test', ...model, ...common(), '--budget', '400', '--out', at('parts'));
  expect(first.lines).toContain('Temporal Coverage');
  await run('rnn-test', '--resume', at('parts'), '--budget', '1200');
  const state = (name: string) => readFile(at(`${name}/state.json`), 'utf8');
  expect(await state('parts')).toBe(await state('whole'));
  const [name] = (await readdir(at('whole'))).filter((file) => file.startsWith('adversarial-'));
  const replayed = await run('rnn-test', ...model, '--replay', at(`whole/${name}`));
  expect(replayed.lines).toMatch(/^fails still: class \d/);
  const beside = await run(
    'rnn-test',
    ...model,
    ...common(),
    '--budget',
    '8',
    '--batch-size',
    '4',
    '--beside',
    at('net.safetensors'),
    '--mutants',
    '6',
    '--out',
    at('beside'),
  );
  expect(beside.lines).toContain('100.00 % equal answers');
  // The net itself, beside itself, is told by no test.
  expect(beside.lines).toMatch(/of 7 other nets the minimal suite of \d tests tells [0-6] from this one/);
});

test('threads find what one finds, bit for bit', async () => {
  const model = ['--model', at('net.safetensors')];
  const budget = ['--budget', '800'];
  for (const threads of ['1', '2'])
    await run(
      'rnn-test',
      ...model,
      ...common(),
      ...budget,
      '--threads',
      threads,
      '--out',
      at(`threads-${threads}`),
    );
  const state = (threads: number) => readFile(at(`threads-${threads}/state.json`), 'utf8');
  expect(await state(2)).toBe(await state(1));
  const { executions } = JSON.parse(await state(2));
  expect(executions).toBe(800);
});

test('compared searches are those that each would be alone, and go on where they stopped', async () => {
  const model = ['--model', at('net.safetensors')];
  const given = [...model, ...common(), '--budget', '800'];
  const both = await run(
    'rnn-test',
    ...given,
    '--compare',
    'random,guided',
    '--seeds',
    '2',
    '--at',
    '400,800',
    '--out',
    at('both'),
  );
  expect(both.code).toBe(0);
  expect(both.lines).toMatch(/^ *400 +random +\d+\.\d\d ± .* ± \d+\.\d$/m);
  expect(both.lines).toMatch(/^ *800 +guided /m);
  expect(both.lines).toContain('4 searches from');
  const searches = JSON.parse(await readFile(at('both/searches.json'), 'utf8'));
  expect(searches.map(({ strategy, seed }: Record<string, unknown>) => `${strategy}-${seed}`)).toEqual([
    'random-0',
    'random-1',
    'guided-0',
    'guided-1',
  ]);
  await run('rnn-test', ...given, '--strategy', 'guided', '--seed', '1', '--out', at('alone'));
  const state = (name: string) => readFile(at(`${name}/state.json`), 'utf8');
  const alone = await state('alone');
  expect(await state('both/guided-1')).toBe(alone);
  // As if it had been stopped in the last one.
  await rm(at('both/guided-1'), { recursive: true });
  const again = await run('rnn-test', '--resume', at('both'));
  expect(again.lines.split('\n').slice(0, -1)).toEqual(both.lines.split('\n').slice(0, -1));
  expect(await state('both/guided-1')).toBe(alone);
  const beside = await run('rnn-test', ...given, '--compare', 'random', '--beside', at('net.safetensors'));
  expect([beside.code, beside.notes]).toEqual([2, expect.stringContaining('--beside <file> cannot')]);
});

test.each([
  [['--compare', 'random,greedy'], '--compare', 2],
  [['--data', 'x'], 'error: --model <file> is missing', 2],
  [['--model', 'nowhere.safetensors'], '--model', 2],
  [['--metrics', 'nc,cb'], '--metrics: expected some of nc', 2],
  [['--metrics', 'bc:treshold=1'], 'did you mean threshold', 2],
  [['--window', '3,9'], 'within steps 0 to 5', 1],
  [['--model-file', 'dense'], 'such as LSTM or GRU', 1],
  [['--replay', 'data/train-labels-idx1-ubyte'], 'expected JSON', 1],
])('refuses %j', async (args, message, code) => {
  const [flag, value = ''] = args as [string, string];
  const given =
    flag === '--data'
      ? ['--data', at('data')]
      : flag === '--model'
        ? ['--model', at(value)]
        : flag === '--model-file'
          ? ['--model', at(`${value}.safetensors`), '--data', at('data')]
          : [
              '--model',
              at('net.safetensors'),
              '--data',
              at('data'),
              flag,
              flag === '--replay' ? at(value) : value,
            ];
  const { code: got, notes } = await run('rnn-test', ...given, '--out', at('refused'));
  expect(notes).toContain(message);
  expect(got).toBe(code);
});

test('data without classes are refused', async () => {
  // As many columns as the net takes pixels, and one to be found.
  const columns = Array.from({ length: 37 }, (_, k) => `c${k}`);
  const rows = Array.from({ length: 60 }, (_, k) => columns.map((_, c) => Math.sin(k + k * c)).join());
  await writeFile(at('numbers.csv'), [columns.join(), ...rows].join('\n'));
  const data = ['--data', at('numbers.csv'), '--target', 'c36', '--task', 'number'];
  const { code, notes } = await run('rnn-test', '--model', at('net.safetensors'), ...data);
  expect(notes).toContain('rnn-test: expected data with classes');
  expect(code).toBe(2);
});

test('a damaged example or state is refused', async () => {
  await writeFile(at('bad.json'), '{"version":1,"inputShape":[6,6,1],"label":1}');
  const model = ['--model', at('net.safetensors')];
  expect((await run('rnn-test', ...model, '--replay', at('bad.json'))).notes).toContain(
    'an adversarial example',
  );
});
