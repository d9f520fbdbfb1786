import type { Padding, PerAxis } from '@funhash/autodiff';
import { type OptionRule, type OptionsOf, option } from '@funhash/hashing';
import { type Parameter, type ParameterRule, requestRule, Weight, type WeightRequest } from '@funhash/space';
import type { FloatDType, Shape } from '@funhash/tensor';
import { type ActivationName, activations } from './activations.ts';

/** What layers are read from: the description of one layer of a file, and its values. */
export interface LayerSource {
  /** A field of the description; undefined where there is none. */
  value(name: string): unknown;
  /** The matrix that a field describes. */
  weight(name: string): Weight;
  /** Stored values of a shape. */
  parameter(name: string, shape: Shape, rule?: ParameterRule): Parameter;
  /** The layer under a name. */
  member(name: string): unknown;
  /** The layers listed under a name. */
  members(name: string): readonly unknown[];
  /** The options that rules describe. */
  options(rules: LayerOptions): Record<string, unknown>;
}

/** A rule for an option of a layer, and how files hold it. */
export interface LayerOption<T = unknown, Required extends boolean = boolean>
  extends OptionRule<T, Required> {
  /** Whether it decides start values alone: it is in no file. */
  readonly isForStart?: boolean;
  /** Its name in files, where that is another one. */
  readonly inFile?: string;
  /** The option for what a file says; default: as it is. Such an option stands in every file. */
  read?(source: LayerSource, field: string): T;
}

/** What a class of layers may be told: the one statement behind its types, checks and files. */
export type LayerOptions = Readonly<Record<string, LayerOption>>;

const isRequest = (value: unknown): boolean => value instanceof Weight || requestRule.accepts(value);

const isCount = (value: unknown, least: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) < 2 ** 32;

const isPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((each) => isCount(each, 0));

/** Most axes of a shape or window. */
const mostAxes = 16;

/** Rules for the options that layers have in common, besides those of `option`. */
export const layerOption = {
  ...option,
  /** How a matrix is stored: a request such as `funHash({ ratio: 1 / 64 })`, or a weight that is there already. */
  weight: (): LayerOption<WeightRequest | Weight, false> => ({
    ...option.that<WeightRequest | Weight>(requestRule.expected, isRequest),
    read: (source, field) => source.weight(field),
  }),
  /** Plain values, none, or a virtual column. */
  bias: (): LayerOption<boolean | WeightRequest | Weight, false> => ({
    ...option.that<boolean | WeightRequest | Weight>(
      'true, false, or a scheme for a virtual column',
      (value) => typeof value === 'boolean' || isRequest(value),
    ),
    read: (source, field) => {
      const value = source.value(field);
      return typeof value === 'boolean' ? value : source.weight(field);
    },
  }),
  /** The name of an activation. */
  activation: (): LayerOption<ActivationName, false> =>
    option.oneOf(Object.keys(activations) as ActivationName[]),
  /** A whole number for every spatial axis, or one for each. */
  perAxis: (least = 1): LayerOption<PerAxis, false> =>
    option.that<PerAxis>(
      `a whole number ≥ ${least}, or one for each axis`,
      (value) =>
        isCount(value, least) ||
        (Array.isArray(value) &&
          value.length >= 1 &&
          value.length <= mostAxes &&
          value.every((each) => isCount(each, least))),
    ),
  /** Zeros around spatial axes. */
  padding: (): LayerOption<Padding, false> =>
    option.that<Padding>(
      "'valid', 'same', a whole number ≥ 0, or for each axis one or [before, after]",
      (value) =>
        value === 'valid' ||
        value === 'same' ||
        isCount(value, 0) ||
        (Array.isArray(value) &&
          value.length <= mostAxes &&
          value.every((each) => isCount(each, 0) || isPair(each))),
    ),
  /** Extents of one example, without the batch. */
  shape: (): LayerOption<readonly number[], false> =>
    option.that<readonly number[]>(
      'a list of whole numbers ≥ 1',
      (value) => Array.isArray(value) && value.length <= mostAxes && value.every((each) => isCount(each, 1)),
    ),
  /** An option that decides start values alone. */
  start: <T, R extends boolean>(rule: OptionRule<T, R>): LayerOption<T, R> => ({ ...rule, isForStart: true }),
  /** An option that files know by another name. */
  inFile: <T, R extends boolean>(field: string, rule: LayerOption<T, R>): LayerOption<T, R> => ({
    ...rule,
    inFile: field,
  }),
};

/** Options of every layer with start values. */
export const startOptions = {
  /** Decides start values and hashes. Default: from the network's seed and the layer's place in it, or 0. */
  seed: layerOption.start(option.real()),
  /** Precision of the parameters. Default f32, or that of the network. Files hold f32 in any case. */
  dtype: layerOption.start(option.oneOf<FloatDType>(['f32', 'f64'])),
} as const;

export type StartOptions = OptionsOf<typeof startOptions>;
