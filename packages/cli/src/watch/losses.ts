import type { Chart } from '../report/charts.ts';

/** Points of a line on a page. */
const most = 400;

/** Losses of steps, as many as a chart can show: where there are more, each point is the mean of twice as many. */
export class Losses {
  #points: { readonly step: number; readonly loss: number }[] = [];
  #width = 1;
  #open: { step: number; sum: number; count: number } = { step: 0, sum: 0, count: 0 };

  add(step: number, loss: number): void {
    const open = this.#open;
    open.step = step;
    open.sum += loss;
    if (++open.count < this.#width) return;
    this.#points.push({ step, loss: open.sum / open.count });
    this.#open = { step: 0, sum: 0, count: 0 };
    if (this.#points.length < most) return;
    this.#width *= 2;
    this.#points = this.#points.flatMap((point, k) => {
      const next = this.#points[k + 1];
      return k % 2 === 0 && next ? [{ step: next.step, loss: (point.loss + next.loss) / 2 }] : [];
    });
  }

  chart(title: string): Chart[] {
    if (this.#points.length < 2) return [];
    return [
      {
        title,
        x: { label: 'step', isLog: false, values: this.#points.map(({ step }) => step) },
        y: 'loss',
        series: [{ name: 'training', color: 0, values: this.#points.map(({ loss }) => loss) }],
      },
    ];
  }
}
