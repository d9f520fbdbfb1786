import {
  CodewordReader,
  CodewordWriter,
  levelStatistics,
  quantizeDependent,
  quantizeUniform,
} from '@funhash/codec/coder';
import { random } from '@funhash/hashing';
import type { Case } from '../case.ts';
import { buildReference, type CoderTimes, type ReferenceCoder } from '../codec-reference.ts';
import type { Row, Table } from '../table.ts';

const count = 2 ** 18;

/** Independent values of variance 1, always the same ones. */
const sources = {
  Gaussian: () => {
    const draw = random(15938);
    return Float32Array.from({ length: count }, () => draw.normal());
  },
  Laplacian: () => {
    const draw = random(15939);
    return Float32Array.from({ length: count }, () => {
      const u = draw.uniform() - 0.5;
      return (-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))) / Math.SQRT2;
    });
  },
} as const;

const checkoutVariable = 'NNCODEC';

export const codecCase: Case = {
  name: 'codec',
  title: 'The entropy coder',
  about:
    'DeepCABAC in TypeScript on one core: levels of 262 144 independent Laplacian values, and of Gaussian ones. A decision is one ' +
    'binary decision, with a context or at probability ½. The C++ is that of the standard’s reference coder (g++ -O3), ' +
    `built where the variable ${checkoutVariable} names a checkout; turns are taken by ours and by it in each round. Entropy is that of the ` +
    'decisions given their contexts by the frequencies in the tensor itself. Decibels are signal to noise at equal bits a weight, ' +
    'between steps a quarter octave apart.',
  libraries: ['funhash'],
  run: async ({ rounds, show }) => {
    const checkout = process.env[checkoutVariable];
    const reference = checkout === undefined ? undefined : buildReference(checkout);
    try {
      show(speedTable(rounds, reference));
    } finally {
      reference?.close();
    }
    show(entropyTable());
    show(decibelTable());
  },
};

function coded(levels: Int32Array, options: { dependent?: boolean; optimize?: boolean }): Uint8Array {
  const writer = new CodewordWriter();
  writer.levels(levels, options);
  return writer.finish();
}

function timed(act: () => void): number {
  const begun = performance.now();
  act();
  return performance.now() - begun;
}

function ownTimes(levels: Int32Array): CoderTimes {
  let bytes = new Uint8Array(0);
  const optimize = timed(() => coded(levels, {}));
  const encode = timed(() => {
    bytes = Uint8Array.from(coded(levels, { optimize: false }));
  });
  const decode = timed(() => {
    const reader = new CodewordReader(bytes);
    reader.levels(levels.length);
    reader.finish();
  });
  return { encode, optimize, decode };
}

const least = (a: CoderTimes, b: CoderTimes): CoderTimes => ({
  encode: Math.min(a.encode, b.encode),
  optimize: Math.min(a.optimize, b.optimize),
  decode: Math.min(a.decode, b.decode),
});

const never: CoderTimes = { encode: Infinity, optimize: Infinity, decode: Infinity };

function speedTable(rounds: number, reference: ReferenceCoder | undefined): Table {
  const values = sources.Laplacian();
  const rows: Row[] = [];
  for (const step of [2, 1, 0.5, 0.125]) {
    const levels = quantizeUniform(values, { step, lambda: 0 });
    const { bins, bypassBits } = levelStatistics(levels);
    const decisions = bins + bypassBits;
    let [own, theirs] = [never, never];
    for (let round = 0; round < rounds; round++) {
      own = least(own, ownTimes(levels));
      if (reference) theirs = least(theirs, reference.times(levels, 1));
    }
    const bitsPerWeight = (8 * coded(levels, { optimize: false }).length) / count;
    for (const [name, pass] of [
      ['encode', 'encode'],
      ['encode, sets chosen', 'optimize'],
      ['decode', 'decode'],
    ] as const)
      rows.push({
        name: `${bitsPerWeight.toFixed(2)} bits a weight, ${name}`,
        weights: count / own[pass] / 1e3,
        decisions: decisions / own[pass] / 1e3,
        ...(reference && { ratio: theirs[pass] / own[pass] }),
      });
  }
  return {
    title: 'Speed',
    columns: [
      { key: 'name', title: '' },
      { key: 'weights', title: 'million weights/s' },
      { key: 'decisions', title: 'million decisions/s' },
      { key: 'ratio', title: '× the C++' },
    ],
    rows,
  };
}

function entropyTable(): Table {
  const rows: Row[] = [];
  for (const [name, make] of Object.entries(sources)) {
    const values = make();
    for (const step of [2, 1, 0.5, 0.25])
      for (const dependent of [false, true]) {
        const levels = dependent
          ? quantizeDependent(values, { step: step / 2, lambda: 0 })
          : quantizeUniform(values, { step, lambda: 0 });
        const { entropyBits } = levelStatistics(levels, { dependent });
        const bits = 8 * coded(levels, { dependent }).length;
        rows.push({
          name: `${name}, ${dependent ? `dependent, step ${step / 2}` : `uniform, step ${step}`}`,
          bits: bits / count,
          over: 100 * (bits / entropyBits - 1),
        });
      }
  }
  return {
    title: 'Size against conditional entropy',
    columns: [
      { key: 'name', title: '' },
      { key: 'bits', title: 'bits a weight' },
      { key: 'over', title: '% above the entropy' },
    ],
    rows,
  };
}

type Point = readonly [bits: number, decibels: number];

function curve(values: Float32Array, dependent: boolean, lambda: number): Point[] {
  const power = values.reduce((sum, x) => sum + x * x, 0);
  const points = Array.from({ length: 18 }, (_, k): Point => {
    const step = 2 ** (0.75 - k / 4) / (dependent ? 1.8 : 1);
    const levels = (dependent ? quantizeDependent : quantizeUniform)(values, { step, lambda });
    const noise = values.reduce((sum, x, i) => sum + (x - step * (levels[i] as number)) ** 2, 0);
    return [(8 * coded(levels, { dependent }).length) / count, 10 * Math.log10(power / noise)];
  });
  return points.sort(([a], [b]) => a - b);
}

/** Between the two points around a number of bits. */
function decibelsAt(points: readonly Point[], bits: number): number | undefined {
  const k = points.findIndex(([each]) => each >= bits);
  const [above, below] = [points[k], points[k - 1]];
  if (!above || !below) return undefined;
  return below[1] + ((bits - below[0]) / (above[0] - below[0])) * (above[1] - below[1]);
}

function decibelTable(): Table {
  const rows: Row[] = [];
  for (const [name, make] of Object.entries(sources)) {
    const values = make();
    const [nearest, rated, dependent] = [
      curve(values, false, 0),
      curve(values, false, 1),
      curve(values, true, 1),
    ];
    for (const bits of [1, 1.5, 2, 2.5, 3, 4]) {
      const [a, b, c] = [nearest, rated, dependent].map((points) => decibelsAt(points, bits));
      rows.push({
        name: `${name}, ${bits} bits`,
        nearest: a,
        rated: b,
        dependent: c,
        gain: a !== undefined && c !== undefined ? c - a : undefined,
        ratedGain: b !== undefined && c !== undefined ? c - b : undefined,
      });
    }
  }
  return {
    title: 'Signal to noise at equal bits, dB',
    columns: [
      { key: 'name', title: '' },
      { key: 'nearest', title: 'uniform, nearest level', digits: 4 },
      { key: 'rated', title: 'uniform, λ 1', digits: 4 },
      { key: 'dependent', title: 'dependent, λ 1', digits: 4 },
      { key: 'gain', title: 'dependent − nearest' },
      { key: 'ratedGain', title: 'dependent − uniform λ 1' },
    ],
    rows,
  };
}
