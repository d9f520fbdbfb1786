import type { Dataset, Samples } from '@funhash/datasets';
import { inputsOfColumn, isOfTable, tableTransformation } from '@funhash/datasets/tables';
import { random } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { isImages } from '../data/load-data.ts';
import type { Influence } from './run-event.ts';

/** Inputs that belong together, by their places in a sample. */
interface Group {
  readonly name: string;
  readonly places: readonly number[];
}

/** Most samples, and milliseconds that all predictions may take: what a report tells besides shall not take as long as training. */
const mostSamples = 400;
const mostMs = 15_000;
/** Squares along a side of a picture. */
const squares = 7;

/**
 * How much worse a net does where one part of the inputs is that of other samples: a column of a table, a square of a picture.
 * Empty for other data, and where it would take long.
 *
 * Source: Breiman 2001, "Random forests", section 10: importance by permutation.
 */
export async function influenceOf(
  net: Module,
  data: Pick<Dataset, 'inputShape' | 'transformation' | 'test'> & Partial<Dataset>,
  errorOn: (net: Module, samples: Samples) => Promise<number>,
): Promise<Influence[]> {
  const groups = groupsOf(data as Dataset);
  const { test } = data;
  const count = Math.min(mostSamples, test.count);
  if (groups.length === 0 || count < 2) return [];
  const size = test.inputs.length / test.count;
  const part = firstOf(test, count, size);
  const begun = performance.now();
  const before = await errorOn(net, part);
  if ((performance.now() - begun) * groups.length > mostMs) return [];
  const order = random(0).fork('influence').permutation(count);
  const found: Influence[] = [];
  for (const { name, places } of groups) {
    const inputs = part.inputs.slice();
    for (let k = 0; k < count; k++)
      for (const at of places)
        inputs[k * size + at] = part.inputs[(order[k] as number) * size + at] as number;
    found.push({ name, rise: (await errorOn(net, { ...part, inputs } as Samples)) - before });
  }
  return found;
}

function firstOf({ inputs, labels, targets, ...rest }: Samples, count: number, size: number): Samples {
  const perSample = (targets?.length ?? 0) / (rest.count || 1);
  return {
    ...rest,
    count,
    inputs: inputs.subarray(0, count * size),
    ...(labels && { labels: labels.subarray(0, count) }),
    ...(targets && { targets: targets.subarray(0, count * perSample) }),
  } as Samples;
}

function groupsOf(data: Dataset): Group[] {
  if (isOfTable(data.transformation)) {
    let from = 0;
    return tableTransformation(data.transformation).columns.map((column) => {
      const width = inputsOfColumn(column);
      const places = Array.from({ length: width }, (_, k) => from + k);
      from += width;
      return { name: column.name, places };
    });
  }
  if (!isImages(data)) return [];
  const [height, width, channels] = data.inputShape as readonly [number, number, number];
  const groups = Array.from({ length: squares ** 2 }, (_, k) => ({
    name: String(k),
    places: [] as number[],
  }));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const which = Math.floor((y * squares) / height) * squares + Math.floor((x * squares) / width);
      for (let c = 0; c < channels; c++) groups[which]?.places.push((y * width + x) * channels + c);
    }
  return groups;
}
