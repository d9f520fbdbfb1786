import { option } from '@funhash/hashing';
import type { Reading } from '../observation/reading.ts';
import { defineMetric, type Metric } from './metric.ts';

const lastStates = ({ last }: Reading): Float64Array => Float64Array.from(last);

/** Options of `neuronCoverage`. */
export interface NeuronOptions {
  readonly threshold?: number;
}

/**
 * Neuron coverage: a feature for each unit, covered where its value at the last step of the window exceeds a threshold.
 * Default 0; at 0.7 it is the strong neuron activation coverage of the authors' code.
 *
 * Source: Pei et al. 2017, arXiv:1705.06640.
 */
export const neuronCoverage: Metric<NeuronOptions> = defineMetric({
  id: 'nc',
  title: 'Neuron Coverage',
  source: 'arXiv:1705.06640',
  options: { threshold: option.real() },
  bind: ({ options: { threshold = 0 }, units }) => ({
    features: units,
    dims: units,
    label: (unit) => `unit ${unit} above ${threshold}`,
    measure: lastStates,
    cover: (position, add) => {
      for (let unit = 0; unit < units; unit++) if ((position[unit] as number) > threshold) add(unit);
    },
    // A value at the threshold is not above it.
    fitness: (position, unit) => {
      const value = position[unit] as number;
      return value > threshold ? threshold - value : threshold - value + Number.EPSILON;
    },
  }),
});

/** Options of `neuronBoundaryCoverage`. */
export interface NeuronBoundaryOptions {
  readonly bound?: number;
}

/**
 * Neuron boundary coverage: two features for each unit, a value above the bound and one below its negative at the last step
 * of the window. Default 0.7, as in the authors' code.
 *
 * Source: Ma et al. 2018, arXiv:1803.07519.
 */
export const neuronBoundaryCoverage: Metric<NeuronBoundaryOptions> = defineMetric({
  id: 'nbc',
  title: 'Neuron Boundary Coverage',
  source: 'arXiv:1803.07519',
  options: { bound: option.real({ least: 0 }) },
  bind: ({ options: { bound = 0.7 }, units }) => {
    const beyond = (position: Float64Array, feature: number): number => {
      const value = position[feature >> 1] as number;
      return (feature & 1) === 0 ? value - bound : -bound - value;
    };
    return {
      features: 2 * units,
      dims: units,
      label: (feature) => `unit ${feature >> 1} ${(feature & 1) === 0 ? 'above ' : 'below −'}${bound}`,
      measure: lastStates,
      cover: (position, add) => {
        for (let feature = 0; feature < 2 * units; feature++) if (beyond(position, feature) > 0) add(feature);
      },
      fitness: (position, feature) => {
        const by = beyond(position, feature);
        return by > 0 ? -by : Number.EPSILON - by;
      },
    };
  },
});

/** Options of `neuronSectionCoverage`. */
export interface NeuronSectionOptions {
  readonly sections?: number;
}

/**
 * k-multisection neuron coverage: a feature for each unit and each of k equal sections of [−1, 1], covered by the value at
 * the last step of the window. A section holds its lower border and not its upper one, so that 1 itself counts nowhere,
 * as in the authors' code. Default 10 sections.
 *
 * Source: Ma et al. 2018, arXiv:1803.07519, with the bounds of the authors' code in place of those of training data.
 */
export const neuronSectionCoverage: Metric<NeuronSectionOptions> = defineMetric({
  id: 'kmnc',
  title: 'k-multisection Neuron Coverage',
  source: 'arXiv:1803.07519',
  options: { sections: option.integer({ least: 1, most: 1000 }) },
  bind: ({ options: { sections = 10 }, units }) => {
    const border = (section: number): number => -1 + section * (2 / sections);
    const sectionOf = (value: number): number => {
      let section = Math.min(sections, Math.floor(((value + 1) * sections) / 2));
      // What a product rounds is decided by the borders themselves.
      if (value < border(section)) section--;
      else if (value >= border(section + 1)) section++;
      return section;
    };
    return {
      features: units * sections,
      dims: units,
      label: (feature) => {
        const section = feature % sections;
        const [low, high] = [border(section), border(section + 1)].map((end) => end.toFixed(2));
        return `unit ${Math.floor(feature / sections)} in [${low}, ${high})`;
      },
      measure: lastStates,
      cover: (position, add) => {
        for (let unit = 0; unit < units; unit++) {
          const section = sectionOf(position[unit] as number);
          if (section >= 0 && section < sections) add(unit * sections + section);
        }
      },
      fitness: (position, feature) => {
        const value = position[Math.floor(feature / sections)] as number;
        const section = feature % sections;
        if (sectionOf(value) === section) return 0;
        const [low, high] = [border(section), border(section + 1)];
        return value < low ? low - value : value - high + Number.EPSILON;
      },
    };
  },
});
