import { ArgumentError } from '@funhash/hashing';
import { Parameter } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import { Activation } from '../activation.ts';
import type { ActivationName } from '../activations.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import { Module, savedValues } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { Normalization } from '../normalization/normalization.ts';
import { Reshape } from '../reshape.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { spatialSpec } from '../spatial/convolution.ts';
import { Dropout2d } from '../spatial/dropout2d.ts';
import { MaxPool2d } from '../spatial/max-pool2d.ts';
import { Weighted } from '../weighted.ts';
import { PackSigns } from './pack-signs.ts';
import { PackedConv2d } from './packed-conv2d.ts';
import { PackedDense } from './packed-dense.ts';
import { mostOf, type PackedInput, unitOf } from './packed-input.ts';
import { SignMatrix } from './sign-matrix.ts';
import { thresholdsOf } from './thresholds.ts';

const operation = 'toBinary';

type Product = Conv2d | Dense;

/** A product with a matrix of ±1 [rows, cols], and nothing else of its layer. */
interface SignProduct {
  readonly layer: Product;
  readonly signs: Float32Array;
}

type Step = Module | SignProduct;

/** What flows from one step to the next. */
interface Flow {
  readonly kind: PackedInput | 'real';
  /** Where signs are packed: how many share words. */
  readonly channels?: number;
}

/**
 * A network for inference in which every dense layer and 2-D convolution with weights of ±1 has a bit for each of them
 * and multiplies bits: exclusive or and a count of ones. Latent values are dropped. Between two such layers batch
 * normalisation and sign become one whole number a channel, with pooling before them left in its place; a first layer
 * behind `new Activation('byte')` takes its bytes bit by bit.
 *
 * Outputs are those of the model at inference, bit for bit, on the backend on which this runs: sums of signs are whole
 * numbers, and thresholds are found by running the very layers that they replace. Layers of other weights stay as they
 * are and are shared with the model; so does what stands inside of layers other than `Sequential`.
 *
 * Source: Courbariaux et al. 2016, arXiv:1602.02830, section 1.
 *
 * @param model unchanged
 * @throws ArgumentError for values that are not finite, for a model without weights of ±1, and for such weights behind
 * what is neither signs nor bytes
 */
export async function toBinary(model: Module): Promise<Sequential> {
  await requireFinite(model);
  const steps = await stepsOf(model);
  if (!steps.some(isProduct))
    throw new ArgumentError({
      operation,
      expected: 'a Sequential of layers with weights of ±1',
      actual: steps.map((step) => (step as Module).spec.type).join(', ') || 'none',
      remedy: 'Give its layers `weight: binary()`.',
    });
  const layers: Module[] = [];
  let flow: Flow = { kind: 'real' };
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] as Step;
    if (isProduct(step)) {
      const tail = tailOf(steps, at + 1);
      const packed = await packedProduct(step, flow, tail);
      layers.push(...packed.layers);
      flow = packed.flow;
      at += tail?.length ?? 0;
    } else if (!(flow.kind === 'signs' && isSign(step))) {
      layers.push(step);
      flow = flowBehind(step, flow);
    }
  }
  return new Sequential(layers);
}

async function requireFinite(model: Module): Promise<void> {
  for (const [name, { value }] of savedValues(model)) {
    const values = await value.data();
    const wrong = values.findIndex((element) => !Number.isFinite(element));
    if (wrong >= 0)
      throw new ArgumentError({
        operation,
        expected: `finite values in ${name}`,
        actual: `${values[wrong]} at ${wrong}`,
      });
  }
}

/** What the model does at inference, one thing after the other. */
async function stepsOf(module: Module): Promise<Step[]> {
  if (module instanceof Sequential) return (await Promise.all(module.layers.map(stepsOf))).flat();
  if (module instanceof Dropout || module instanceof Dropout2d) return [];
  if (!(module instanceof Dense || module instanceof Conv2d)) return [module];
  const signs = await signsOf(module);
  if (!signs) return [module];
  const { quantizeInput, activation } = module.options;
  return [
    ...activationLayers(quantizeInput),
    { layer: module, signs },
    ...(module.bias ? [await shiftBy(module.bias)] : []),
    ...activationLayers(activation),
  ];
}

const activationLayers = (name: ActivationName | undefined): Module[] =>
  name === undefined ? [] : [new Activation(name)];

/** The matrix of a layer where all its entries are ±1. */
async function signsOf(layer: Product): Promise<Float32Array | undefined> {
  if (layer instanceof Conv2d && (layer.options.groups ?? 1) > 1) return undefined;
  const values = await valuesOf(layer.weight);
  return values.every((value) => Math.abs(value) === 1) ? values : undefined;
}

async function valuesOf(weight: Product['weight']): Promise<Float32Array> {
  const decoded = weight.decode();
  const values = Float32Array.from(await decoded.data());
  decoded.dispose();
  return values;
}

/** x + bias, as normalisation by 0 and 1. */
async function shiftBy(bias: NonNullable<Product['bias']>): Promise<Module> {
  const values =
    bias instanceof Parameter ? Float32Array.from(await bias.value.data()) : await valuesOf(bias);
  const layer = new BatchNorm({ channels: values.length, epsilon: 0 });
  const shift = tensor(values);
  layer.namedParameters().get('shift')?.assign(shift);
  shift.dispose();
  return layer;
}

const isProduct = (step: Step): step is SignProduct => !(step instanceof Module);

/** At inference they are one. */
const signNames: readonly (ActivationName | undefined)[] = ['sign', 'stochasticSign'];

const isSign = (step: Step): boolean => step instanceof Activation && signNames.includes(step.activation);

/** Layers behind a product that make packed signs of its sums. */
interface Tail {
  readonly pools: readonly Module[];
  /** Each channel by itself; they end in a sign. */
  readonly toSigns: readonly Module[];
  /** Steps that these are. */
  readonly length: number;
}

/** Undefined where sums do not become signs, or where the next layer would not take bits. */
function tailOf(steps: readonly Step[], from: number): Tail | undefined {
  const pools: Module[] = [];
  const toSigns: Module[] = [];
  for (let at = from; at < steps.length; at++) {
    const step = steps[at] as Step;
    if (step instanceof MaxPool2d && toSigns.length === 0) pools.push(step);
    else if (isSign(step) || step instanceof BatchNorm) {
      toSigns.push(step as Module);
      const isLast = signNames.includes(activationOf(step as Module));
      if (isLast)
        return leadsToProduct(steps, at + 1) ? { pools, toSigns, length: at + 1 - from } : undefined;
      if (activationOf(step as Module) !== undefined) return undefined;
    } else return undefined;
  }
  return undefined;
}

function leadsToProduct(steps: readonly Step[], from: number): boolean {
  const next = steps.slice(from).find((step) => !isSign(step) && !(step instanceof Flatten));
  return next !== undefined && isProduct(next);
}

/** The layers that do what a product and its tail did. */
async function packedProduct(
  { layer, signs }: SignProduct,
  { kind: input, channels: shared }: Flow,
  tail: Tail | undefined,
): Promise<{ readonly layers: readonly Module[]; readonly flow: Flow }> {
  if (input === 'real')
    throw new ArgumentError({
      operation,
      expected: 'signs or bytes as the input of a layer with weights of ±1',
      actual: `other values before ${layer.spec.type} ${layer.options.in} → ${layer.options.out}`,
      remedy: "Put new Activation('byte') before the first layer; end hidden ones in a sign.",
    });
  const { rows, cols } = layer.weight;
  const channels = (layer instanceof Dense && shared) || layer.options.in;
  const matrix = SignMatrix.of(signs, { rows, runs: cols / channels, channels });
  const most = mostOf(input, cols);
  const thresholds =
    tail && (await thresholdsOf(tail.toSigns, { channels: rows, most, unit: unitOf(input) }));
  const isPooled = tail !== undefined && tail.pools.length > 0;
  const options = { input, matrix, ...(!isPooled && thresholds && { thresholds }) };
  return {
    layers: [
      ...(input === 'signs' && shared === undefined ? [new PackSigns()] : []),
      layer instanceof Conv2d
        ? new PackedConv2d(spatialSpec(layer.options), options)
        : new PackedDense(options),
      ...(isPooled && thresholds ? [...tail.pools, new PackSigns({ input, depth: cols, thresholds })] : []),
    ],
    flow: tail ? { kind: 'signs', channels: rows } : { kind: 'real' },
  };
}

function flowBehind(layer: Module, flow: Flow): Flow {
  // They move values and make none.
  if (layer instanceof Flatten || layer instanceof Reshape || layer instanceof MaxPool2d) return flow;
  const activation = activationOf(layer);
  if (signNames.includes(activation)) return { kind: 'signs' };
  return { kind: activation === 'byte' ? 'bytes' : 'real' };
}

/** What a layer ends in. */
function activationOf(layer: Module): ActivationName | undefined {
  if (layer instanceof Activation) return layer.activation;
  return layer instanceof Weighted || layer instanceof Normalization ? layer.options.activation : undefined;
}
