import type { EpochRecord } from '@funhash/experiments';

/** What a chart of the page draws: one line for each series, over common values of x. */
export interface Chart {
  readonly title: string;
  readonly x: { readonly label: string; readonly isLog: boolean; readonly values: readonly number[] };
  readonly y: string;
  readonly series: readonly {
    readonly name: string;
    readonly color: number;
    readonly values: readonly (number | null)[];
  }[];
}

/** How a net was trained: its loss and its errors by epoch; none where nothing was trained. */
export function learningCurves(epochs: readonly EpochRecord[]): Chart[] {
  if (epochs.length === 0) return [];
  const x = { label: 'epoch', isLog: false, values: epochs.map(({ epoch }) => epoch) };
  const loss = { name: 'training', color: 0, values: epochs.map((epoch) => epoch.loss) };
  const isHeld = epochs.some(({ validation }) => validation !== null);
  const held = (name: 'loss' | 'errorRate', unit: number) =>
    epochs.map(({ validation }) => (validation === null ? null : unit * validation[name]));
  return [
    {
      title: 'Loss by epoch',
      x,
      y: 'loss',
      series: [loss, ...(isHeld ? [{ name: 'validation', color: 1, values: held('loss', 1) }] : [])],
    },
    ...(isHeld
      ? [
          {
            title: 'Validation error by epoch',
            x,
            y: 'validation error %',
            series: [{ name: 'validation', color: 1, values: held('errorRate', 100) }],
          },
        ]
      : []),
  ];
}

/** Whether sizes differ enough to be told apart in a chart: arms of one budget miss it by a few values. */
export const differ = (sizes: readonly number[]): boolean =>
  sizes.length > 1 &&
  sizes.reduce((most, size) => Math.max(most, size), 0) >
    1.1 * sizes.reduce((least, size) => Math.min(least, size), Number.POSITIVE_INFINITY);
