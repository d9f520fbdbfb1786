import type { ActivationName, Sequential } from '@funhash/layers';
import {
  type BinaryNetOptions,
  bnnConvNet,
  bnnMlp,
  denseNet,
  type ImageShape,
  leNet5,
  type ModelWeights,
  resNet,
  rowLstm,
  vgg16,
  type WeightPlace,
  wideResNet,
} from '@funhash/models';
import { SpecError } from '../errors.ts';
import { quantizerOf } from './scheme-text.ts';

/** What decides a net but how its weights are stored. */
export interface NetShape {
  readonly model: string;
  readonly input: ImageShape;
  readonly classes: number;
  /** Of an mlp from the input to the classes; of others the channels and hidden widths that a narrower net has fewer of. */
  readonly widths: readonly number[];
}

interface BuildOptions extends NetShape {
  readonly activation: string;
  readonly dropout: number;
  readonly seed: number;
  readonly weight: ModelWeights;
  /** Of binary nets: what makes entries of latent values, as a scheme text. Default binary. */
  readonly quantizer?: string;
  /** Of binary nets: whether batches are normalised by shifts. */
  readonly shiftNorm?: boolean;
}

interface ModelKind {
  /** As published. */
  readonly widths: readonly number[];
  /** Whether all its weights are signs: schemes then say how their latent values are stored. */
  readonly isBinary?: boolean;
  build(options: BuildOptions): Sequential;
}

/** Nets by the name that the command line gives them; `mlp` is built from its widths alone. */
const kinds: Readonly<Record<string, ModelKind>> = {
  lenet5: leNet('classic', [6, 16, 120, 84]),
  'lenet5-caffe': leNet('caffe', [20, 50, 500]),
  vgg16: {
    widths: [64],
    build: ({ widths: [channels], ...rest }) => vgg16({ ...rest, channels: channels as number }),
  },
  // As in the MPO paper: the first two convolutions of the last group are dense layers on the whole image.
  'vgg16-flat': {
    widths: [64, 4096, 4096],
    build: ({ widths: [channels, ...hidden], ...rest }) =>
      vgg16({ ...rest, flat: 2, channels: channels as number, hidden }),
  },
  resnet20: residual(20),
  resnet32: residual(32),
  'wrn-16-4': {
    widths: [16],
    build: ({ widths: [channels], ...rest }) =>
      wideResNet({ ...rest, depth: 16, width: 4, channels: channels as number }),
  },
  densenet40: {
    widths: [12],
    build: ({ widths: [growth], ...rest }) => denseNet({ ...rest, depth: 40, growth: growth as number }),
  },
  // Reads an image row by row.
  lstm: {
    widths: [128],
    build: ({ widths: [hidden], ...rest }) => rowLstm({ ...rest, hidden: hidden as number }),
  },
  bnn: {
    widths: [4096, 4096, 4096],
    isBinary: true,
    build: ({ widths, input, classes, dropout, seed, weight, ...rest }) =>
      bnnMlp({
        dropout,
        seed,
        weight,
        ...binaryOptions(rest),
        widths: [input.reduce((size, extent) => size * extent), ...widths, classes],
      }),
  },
  'bnn-conv': {
    widths: [128, 1024, 1024],
    isBinary: true,
    build: ({ widths: [channels, ...hidden], input, classes, dropout, seed, weight, ...rest }) =>
      bnnConvNet({
        ...{ input, classes, dropout, seed, weight },
        ...binaryOptions(rest),
        channels: channels as number,
        hidden,
      }),
  },
};

function binaryOptions({
  activation,
  quantizer = 'binary',
  shiftNorm = false,
}: Pick<BuildOptions, 'activation' | 'quantizer' | 'shiftNorm'>): BinaryNetOptions {
  return {
    quantizer: quantizerOf(quantizer),
    activation: activation === 'stochasticSign' ? activation : 'sign',
    shiftBased: shiftNorm,
  };
}

export const modelNames: readonly string[] = ['mlp', ...Object.keys(kinds)];

function leNet(form: 'classic' | 'caffe', published: readonly number[]): ModelKind {
  return {
    widths: published,
    build: ({ widths, activation, ...rest }) =>
      leNet5({
        ...rest,
        form,
        activation: activation as ActivationName,
        channels: widths.slice(0, 2) as unknown as [number, number],
        hidden: widths.slice(2),
      }),
  };
}

function residual(depth: number): ModelKind {
  return {
    widths: [16],
    build: ({ widths: [channels], ...rest }) => resNet({ ...rest, depth, channels: channels as number }),
  };
}

interface ShapeConfig {
  readonly model: string;
  /** Of an mlp. */
  readonly hidden: readonly number[];
  /** Of the other models; default as published. */
  readonly widths?: readonly number[];
}

/** The net that a configuration asks for. @throws SpecError for widths that the model does not have */
export function shapeOf(
  { model, hidden, widths }: ShapeConfig,
  {
    width,
    height,
    channels,
    classes,
  }: { readonly width: number; readonly height: number; readonly channels: number; readonly classes: number },
): NetShape {
  const input = [height, width, channels] as const;
  if (model === 'mlp')
    return { model, input, classes, widths: [width * height * channels, ...hidden, classes] };
  const { widths: published } = kindOf(model);
  if (widths && widths.length !== published.length)
    throw new SpecError({
      operation: `model ${model}`,
      expected: `${published.length} widths, such as ${published.join(',')}`,
      actual: widths.join(','),
    });
  return { model, input, classes, widths: widths ?? published };
}

/** Whether all weights of a model are signs. */
export function isBinary(model: string): boolean {
  return model !== 'mlp' && kindOf(model).isBinary === true;
}

/** The same net with all channels and hidden widths multiplied by a factor, at least 1 of each. */
export function scaledShape({ widths, ...shape }: NetShape, factor: number): NetShape {
  return { ...shape, widths: widths.map((width) => Math.max(1, Math.round(width * factor))) };
}

/** Builds a net other than an mlp; `weight` is asked for each place in order. */
export function buildKind(options: BuildOptions): Sequential {
  return kindOf(options.model).build(options);
}

/** The weights of a net, in order. */
export function placesOf(shape: NetShape): WeightPlace[] {
  const { model, widths } = shape;
  if (model === 'mlp')
    return widths.slice(1).map((rows, k) => {
      const role = k === widths.length - 2 ? 'head' : 'fc';
      return { role, rows, cols: widths[k] as number, kernelSize: 1 };
    });
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
