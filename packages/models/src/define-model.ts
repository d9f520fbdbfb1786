import {
  ArgumentError,
  checkOptions,
  type OptionRules,
  type OptionsOf,
  refuseUnknown,
} from '@funhash/hashing';
import type { ActivationName, Sequential, WeightRequest } from '@funhash/layers';
import type { ModelWeights, Quantizer } from './weights.ts';
import { requireRoles } from './weights.ts';

/** What a model by name is told: of these, each model reads those that it has. */
export interface NamedModelOptions {
  /** Shape of an input: [height, width, channels] of an image; recurrent models read other sequences too. */
  readonly input: readonly number[];
  /** Numbers of words, where inputs are words; of recurrent models. */
  readonly tokens?: number;
  /** Storage of the embedding of words. Default: plain. */
  readonly embedding?: WeightRequest;
  /** Number of classes. */
  readonly classes: number;
  /** Channels and hidden widths, as many as the model's own `widths`. */
  readonly widths: readonly number[];
  /** Storage of weights. Default: plain. */
  readonly weight?: ModelWeights;
  /** Seed of the first weights. Default 0. */
  readonly seed?: number;
  /** Activation of hidden layers. Default: the model's. */
  readonly activation?: ActivationName;
  /** Dropout rate from 0 up to 1. Default 0, none. */
  readonly dropout?: number;
  /** What makes entries of latent values; of binary nets. Default `binary`. */
  readonly quantizer?: Quantizer;
  /** Whether batches are normalised by shifts; of binary nets. Default false. */
  readonly shiftBased?: boolean;
}

/** A model as commands and run specifications name it. */
export interface NamedModel {
  /** Channels and hidden widths as published: what a narrower net has fewer of. */
  readonly widths: readonly number[];
  /** Whether there may be more or fewer widths than published: one hidden layer for each. */
  readonly hasAnyDepth: boolean;
  /** Whether all its weights are signs: schemes then say how their latent values are stored. */
  readonly isBinary: boolean;
  /** Whether it reads sequences of numbers and words too, not images alone. */
  readonly readsSequences: boolean;
  build(options: NamedModelOptions): Sequential;
}

/** A function that makes a model, with its options and the names of its published forms. */
export interface ModelMaker<Options> {
  (options?: Options): Sequential;
  /** The rules of its options. */
  readonly options: OptionRules;
  /** Its published forms, by the names that commands give them. */
  readonly named: Readonly<Record<string, NamedModel>>;
}

interface Form<Options> extends Partial<Omit<NamedModel, 'build'>> {
  readonly widths: readonly number[];
  /** The options that make this form of the model. */
  options(given: NamedModelOptions): Options;
}

/** Common options, which a form has unless it says otherwise. */
const common = [
  'input',
  'tokens',
  'embedding',
  'classes',
  'weight',
  'seed',
  'activation',
  'dropout',
  'quantizer',
  'shiftBased',
] as const;

/**
 * Makes a model of its one statement: options, which are checked at every call, the net that they make, and the forms
 * that have a name.
 *
 * @throws the model itself: OptionError for an unknown option, ArgumentError for a value out of its range
 */
export function defineModel<R extends OptionRules>({
  name,
  options: rules,
  advice,
  build,
  forms,
}: {
  readonly name: string;
  readonly options: R;
  /** What is said of likely unknown options, by their name. */
  readonly advice?: Readonly<Record<string, string>>;
  readonly build: (options: OptionsOf<R>) => Sequential;
  readonly forms: Readonly<Record<string, Form<OptionsOf<R>>>>;
}): ModelMaker<OptionsOf<R>> {
  const make = (options: OptionsOf<R> = {} as OptionsOf<R>): Sequential => {
    checkOptions(name, rules, options, advice);
    requireRoles(name, (options as { readonly weight?: ModelWeights }).weight);
    return build(options);
  };
  const named = Object.entries(forms).map(([title, { options: optionsOf, ...form }]) => {
    const kind: NamedModel = {
      hasAnyDepth: false,
      isBinary: false,
      readsSequences: false,
      ...form,
      build: (given) => {
        refuseUnknown(title, ['widths', ...common], given);
        if (!kind.hasAnyDepth && given.widths.length !== form.widths.length)
          throw new ArgumentError({
            operation: title,
            expected: `${form.widths.length} widths, such as ${form.widths.join()}`,
            actual: String(given.widths),
          });
        if (given.tokens !== undefined && !('tokens' in rules))
          throw new ArgumentError({
            operation: title,
            expected: 'numbers, such as those of images',
            actual: 'words',
            remedy: 'Choose a model that reads words, such as lstm or gru.',
          });
        const own = common.filter((each) => each in rules && given[each] !== undefined);
        return make({ ...Object.fromEntries(own.map((each) => [each, given[each]])), ...optionsOf(given) });
      },
    };
    return [title, kind] as const;
  });
  Object.defineProperty(make, 'name', { value: name });
  return Object.assign(make, { options: rules, named: Object.fromEntries(named) });
}
