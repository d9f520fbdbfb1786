import { expect, test, vi } from 'vitest';
import { duration, grouped, percent, printerTo, spreadOf } from './output.ts';
import { progress } from './progress.ts';
import { tableOf } from './table.ts';

// As in a terminal without colours, wherever this runs: CI has them on.
vi.hoisted(() => {
  process.env.NO_COLOR = '1';
});

test('tables align numbers to the right', () => {
  expect(
    tableOf(
      ['scheme', 'error'],
      [
        ['narrow', '5.25'],
        ['a', '12.00'],
      ],
    ).replace(/\p{Cc}\[\d+m/gu, ''),
  ).toBe('scheme  error\nnarrow   5.25\na       12.00');
});

test('error rates are in percent, with the deviation over seeds', () => {
  expect(percent([0.0258])).toBe('2.58');
  expect(percent([0.02, 0.03, 0.04])).toBe('3.00 ± 1.00');
  expect(spreadOf([1])).toEqual({ mean: 1, std: undefined });
});

test('counts and times are readable', () => {
  expect([7, 1234, 1234567].map(grouped)).toEqual(['7', '1 234', '1 234 567']);
  expect([12, 12_345, 200_000].map(duration)).toEqual(['12 ms', '12.3 s', '3 min 20 s']);
});

test('without a terminal only milestones are written', () => {
  const notes: string[] = [];
  const shown = progress(
    printerTo({ line: () => {}, note: (text) => void notes.push(text), isTerminal: false }),
  );
  const task = shown.task('funHash', 10);
  task.update(5, 'loss 1');
  task.milestone('epoch 1/1');
  task.finish();
  shown.close();
  expect(notes).toEqual(['funHash: epoch 1/1']);
});
