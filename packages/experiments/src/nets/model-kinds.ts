import type { Dataset } from '@funhash/datasets';
import { type ActivationName, Dense, Dropout, Sequential, type WeightRequest } from '@funhash/layers';
import { type NamedModel, namedModels, type WeightPlace } from '@funhash/models';
import { SpecError } from '../errors.ts';
import { parseScheme, quantizerOf, weightRequest } from './scheme-text.ts';

/** What decides a net but how its weights are stored. */
export interface NetShape {
  readonly model: string;
  /** Shape of a sample: [height, width, channels] of an image, [T, features] or [T] of other sequences. */
  readonly input: readonly number[];
  /** Numbers of words, where samples are words. */
  readonly tokens?: number;
  readonly classes: number;
  /** Widths of a stack from the input to the classes; of other models the channels and hidden widths of which a narrower net has fewer. */
  readonly widths: readonly number[];
}

interface BuildOptions extends NetShape {
  readonly activation: string;
  readonly dropout: number;
  readonly seed: number;
  /** Asked for each weight in the order of the net. */
  readonly weight: (place: WeightPlace) => WeightRequest | undefined;
  /** What makes entries of latent values in binary nets, as a scheme text. Default binary. */
  readonly quantizer?: string;
  /** Whether binary nets normalise batches by shifts. */
  readonly shiftNorm?: boolean;
  /** How the embedding of words is stored, as a scheme text. Default: plain. */
  readonly embedding?: string;
}

interface ModelKind {
  /** Published widths, without the input and the classes. */
  readonly widths: readonly number[];
  /** Whether it is dense layers one after the other, as many as the widths say, whose widths can be traded freely. */
  readonly isStack?: boolean;
  /** Whether all its weights are signs: schemes then say how their latent values are stored. */
  readonly isBinary?: boolean;
  /** Whether it reads sequences that are no images. */
  readonly readsSequences?: boolean;
  build(options: BuildOptions): Sequential;
}

/** A model of dense layers as runs have always stored it, and all other models by their names. */
const { mlp: _mlp, ...others } = namedModels as Readonly<Record<string, NamedModel>>;

/** Nets by the name that a run gives them. */
const kinds: Readonly<Record<string, ModelKind>> = {
  mlp: { widths: [1000], isStack: true, build: denseStack },
  ...Object.fromEntries(Object.entries(others).map(([name, model]) => [name, kindOfNamed(model)])),
};

function kindOfNamed({ widths: published, isBinary, readsSequences, build }: NamedModel): ModelKind {
  return {
    widths: published,
    isBinary,
    readsSequences,
    // Configurations carry more than a net is made of.
    build: ({
      input,
      tokens,
      classes,
      widths,
      dropout,
      seed,
      weight,
      activation,
      quantizer = 'binary',
      shiftNorm = false,
      embedding,
    }) =>
      build({
        ...{ input, classes, widths, dropout, seed, weight },
        ...(tokens !== undefined && { tokens }),
        ...(tokens !== undefined && embedding && { embedding: weightRequest(parseScheme(embedding)) }),
        activation: activation as ActivationName,
        quantizer: quantizerOf(quantizer),
        shiftBased: shiftNorm,
      }),
  };
}

export const modelNames: readonly string[] = Object.keys(kinds);

/** Dense layers without a Flatten before them, so that their places in files are 0, 1, … or 0, 2, … with dropout. */
function denseStack({ widths, activation, dropout, weight, seed }: BuildOptions): Sequential {
  const last = widths.length - 2;
  return new Sequential(
    widths.slice(1).flatMap((out, k) => {
      const cols = widths[k] as number;
      const request = weight({ role: k === last ? 'head' : 'fc', rows: out, cols, kernelSize: 1 });
      const options = { in: cols, out, ...(request && { weight: request }) };
      if (k === last) return [new Dense(options)];
      const layer = new Dense({ ...options, activation: activation as ActivationName });
      return dropout > 0 ? [layer, new Dropout({ rate: dropout })] : [layer];
    }),
    { seed },
  );
}

/** What a net has to know of the data that it takes. */
export type DataExtents = Pick<Dataset, 'inputShape' | 'classes' | 'targetShape' | 'tokens'>;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** Numbers that a net says of each sample: scores of classes, or targets. */
const outputsFor = ({ classes, targetShape }: DataExtents): number => classes ?? sizeOf(targetShape ?? []);

/**
 * The shape of a model for data.
 *
 * @param widths channels and hidden widths; default as published
 * @throws SpecError for a model that does not exist, widths that it does not have, or samples that are no images where it
 * takes nothing else
 */
export function shapeOf(
  { model, widths }: { readonly model: string; readonly widths?: readonly number[] | undefined },
  data: DataExtents,
): NetShape {
  const { inputShape: input, tokens } = data;
  const classes = outputsFor(data);
  const size = sizeOf(input);
  const { widths: published, isStack, readsSequences } = kindOf(model);
  const chosen = widths ?? published;
  if (tokens !== undefined && !readsSequences)
    throw new SpecError({
      operation: `model ${model}`,
      expected: 'numbers, such as those of images',
      actual: 'words',
      remedy: 'Choose a model that reads words: lstm or gru.',
    });
  if (isStack) return { model, input, classes, widths: [size, ...chosen, classes] };
  if (input.length !== 3 && !(readsSequences && input.length < 3 && (input.length === 2 || tokens)))
    throw new SpecError({
      operation: `model ${model}`,
      expected: readsSequences
        ? 'sequences, [T, features], words or images'
        : 'images, [height, width, channels]',
      actual: `samples of [${input.join(', ')}]`,
      remedy: 'The model mlp takes samples of any shape.',
    });
  if (chosen.length !== published.length)
    throw new SpecError({
      operation: `model ${model}`,
      expected: `${published.length} widths, such as ${published.join(',')}`,
      actual: chosen.join(','),
    });
  return { model, input, ...(tokens !== undefined && { tokens }), classes, widths: chosen };
}

/** Whether all weights of a model are signs. */
export function isBinary(model: string): boolean {
  return kindOf(model).isBinary === true;
}

/** Whether a model is dense layers one after the other, as many as its widths say. */
export function isStack(model: string): boolean {
  return kindOf(model).isStack === true;
}

/** Widths of a shape as a spec has them: without the input and the classes. */
export function widthsOf({ model, widths }: Pick<NetShape, 'model' | 'widths'>): readonly number[] {
  return isStack(model) ? widths.slice(1, -1) : widths;
}

/** Name of a net in tables: 784-1000-10, or lenet5 6-16-120-84. */
export function netName({ model, widths }: Pick<NetShape, 'model' | 'widths'>): string {
  return isStack(model) ? widths.join('-') : `${model} ${widths.join('-')}`;
}

/** The same net with all channels and hidden widths multiplied by a factor, at least 1 of each. */
export function scaledShape({ widths, ...shape }: NetShape, factor: number): NetShape {
  return { ...shape, widths: widths.map((width) => Math.max(1, Math.round(width * factor))) };
}

/** Builds a net; `weight` is asked for each place in order. */
export function buildKind(options: BuildOptions): Sequential {
  return kindOf(options.model).build(options);
}

/** The weights of a net, in order. */
export function placesOf(shape: NetShape): WeightPlace[] {
  const places: WeightPlace[] = [];
  buildKind({
    ...shape,
    activation: 'relu',
    dropout: 0,
    seed: 0,
    weight: (place) => {
      places.push(place);
      return undefined;
    },
  });
  return places;
}

function kindOf(model: string): ModelKind {
  if (!Object.hasOwn(kinds, model))
    throw new SpecError({
      operation: 'model',
      expected: `one of ${modelNames.join(', ')}`,
      actual: model,
    });
  return kinds[model] as ModelKind;
}
