import { checkOptions, option, random } from '@funhash/hashing';
import type { FloatDType, Tensor } from '@funhash/tensor';
import { Parameter } from './parameter.ts';
import { uniformValues } from './start-values.ts';

export interface SharedSpaceOptions {
  /** Number of stored values. */
  readonly values: number;
  /** Default 0. */
  readonly seed?: number;
  /** Tells spaces of one model apart in its file. Default `space`. */
  readonly name?: string;
  /** The precision of the values, and so of all weights that use them. Default f32. */
  readonly dtype?: FloatDType;
}

const rules = {
  values: option.required(option.count()),
  seed: option.integer(),
  name: option.text(),
  dtype: option.oneOf(['f32', 'f64']),
};

/**
 * One compression space from which several layers decode their weights, each by its own seed and scale
 * (homological hashing, ROAST). Its values start with standard deviation 1.
 *
 * @throws OptionError for an unknown option, ArgumentError for a wrong one
 */
export class SharedSpace {
  readonly name: string;
  readonly parameter: Parameter;

  constructor(options: SharedSpaceOptions) {
    checkOptions('SharedSpace', rules, options);
    const { values, seed = 0, name = 'space', dtype } = options;
    this.name = name;
    this.parameter = Parameter.of(name, uniformValues(random(seed), values, 1), [values], { dtype });
  }

  /** A space whose values are known, as read from a file. */
  static of(name: string, values: Tensor): SharedSpace {
    const space: SharedSpace = Object.create(SharedSpace.prototype);
    return Object.assign(space, { name, parameter: new Parameter(name, values) });
  }
}
