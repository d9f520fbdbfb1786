import { ArgumentError } from '@funhash/hashing';
import { scope, tensor } from '@funhash/tensor';
import { Activation } from '../activation.ts';
import type { ActivationName } from '../activations.ts';
import { Sequential } from '../containers/sequential.ts';
import { savedValues } from '../model-file/model-bytes.ts';
import type { Module } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { spatialOptionsOf } from '../spatial/convolution.ts';
import type { AffineStep, ProductStep, Step } from '../steps.ts';
import { PackSigns } from './pack-signs.ts';
import { PackedConv2d } from './packed-conv2d.ts';
import { PackedDense } from './packed-dense.ts';
import { mostOf, type PackedInput, unitOf } from './packed-input.ts';
import { SignMatrix } from './sign-matrix.ts';
import { thresholdsOf } from './thresholds.ts';

const operation = 'toBinary';

/** A layer of the model, or a part of one, and what it does. */
interface Unit {
  /** The layer that stands for it where it stays. */
  readonly layer: Module;
  readonly steps: readonly Step<Module>[];
  /** The matrix, of a product with weights of ±1. */
  readonly signs?: Float32Array;
}

/** A product with a matrix of ±1 [rows, cols], and nothing else of its layer. */
interface SignProduct extends Unit {
  readonly steps: readonly [ProductStep<Module>];
  readonly signs: Float32Array;
}

/** What flows from one unit to the next. */
interface Flow {
  readonly kind: PackedInput | 'real';
  /** How many signs share words, where signs are packed. */
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
  const units = await unitsOf(model);
  if (!units.some(isProduct))
    throw new ArgumentError({
      operation,
      expected: 'a Sequential of layers with weights of ±1',
      actual: units.map(({ layer }) => layer.spec.type).join(', ') || 'none',
      remedy: 'Give its layers `weight: binary()`.',
    });
  const layers: Module[] = [];
  let flow: Flow = { kind: 'real' };
  for (let at = 0; at < units.length; at++) {
    const unit = units[at] as Unit;
    if (isProduct(unit)) {
      const tail = tailOf(units, at + 1);
      const packed = await packedProduct(unit, flow, tail);
      for (const layer of packed.layers) layers.push(layer);
      flow = packed.flow;
      at += tail?.length ?? 0;
    } else if (!(flow.kind === 'signs' && isSign(unit))) {
      layers.push(unit.layer);
      flow = flowBehind(unit, flow);
    }
  }
  const result = new Sequential(layers);
  result.signature = model.signature;
  return result;
}

async function requireFinite(model: Module): Promise<void> {
  for (const [name, { value }] of savedValues(model)) {
    const values = await value.data();
    const place = values.findIndex((element) => !Number.isFinite(element));
    if (place >= 0)
      throw new ArgumentError({
        operation,
        expected: `finite values in ${name}`,
        actual: `${values[place]} at ${place}`,
      });
  }
}

/** What the model does at inference, one thing after the other. */
async function unitsOf(module: Module): Promise<Unit[]> {
  if (module.chain) return (await Promise.all(module.chain.map(unitsOf))).flat();
  const steps = module.inference();
  if (steps.length === 0) return [];
  const product = steps.find((step) => step.type === 'product');
  const signs = product && (await signsOf(product));
  if (!signs) return [{ layer: module, steps }];
  return Promise.all(steps.map((step) => partOf(module, step, signs)));
}

/** One step of a layer by itself. */
async function partOf(layer: Module, step: Step<Module>, signs: Float32Array): Promise<Unit> {
  const steps = [step];
  if (step.type === 'product') return { layer, steps, signs };
  if (step.type === 'activation') return { layer: new Activation(step.name), steps };
  return { layer: step.type === 'affine' ? await normalizationOf(step) : layer, steps };
}

/** The matrix of a product where all its entries are ±1 and packed layers can take it. */
async function signsOf({ weight, windows, groups }: ProductStep<Module>): Promise<Float32Array | undefined> {
  if (windows && (windows.axes !== 2 || groups > 1)) return undefined;
  const decoded = weight.decode();
  const values = Float32Array.from(await decoded.data());
  decoded.dispose();
  return values.every((value) => Math.abs(value) === 1) ? values : undefined;
}

/** factor · x + offset, as normalisation by 0 and 1. */
async function normalizationOf({ channels, terms }: AffineStep): Promise<Module> {
  const layer = new BatchNorm({ channels, epsilon: 0 });
  const { factor, offset } = scope(terms);
  const named = layer.namedParameters();
  for (const [name, values] of [
    ['scale', factor],
    ['shift', offset],
  ] as const) {
    const copy = tensor(Float32Array.from(await values.data()));
    named.get(name)?.assign(copy);
    copy.dispose();
    values.dispose();
  }
  return layer;
}

const isProduct = (unit: Unit): unit is SignProduct => unit.signs !== undefined;

/** Activations that are one at inference. */
const signNames: readonly ActivationName[] = ['sign', 'stochasticSign'];
const isSignStep = (step: Step<Module> | undefined): boolean =>
  step?.type === 'activation' && signNames.includes(step.name);
const isSign = ({ steps }: Unit): boolean => steps.length === 1 && isSignStep(steps[0]);

/** Units behind a product that make packed signs of its sums. */
interface Tail {
  readonly pools: readonly Module[];
  /** Each channel by itself; they end in a sign. */
  readonly toSigns: readonly Unit[];
  /** Units that these are. */
  readonly length: number;
}

/** Undefined where sums do not become signs, or where the next layer would not take bits. */
function tailOf(units: readonly Unit[], from: number): Tail | undefined {
  const pools: Module[] = [];
  const toSigns: Unit[] = [];
  for (let at = from; at < units.length; at++) {
    const unit = units[at] as Unit;
    const [first, second, ...more] = unit.steps;
    if (first?.type === 'pool' && first.kind === 'max' && toSigns.length === 0) pools.push(unit.layer);
    else if (isSign(unit) || (first?.type === 'affine' && more.length === 0)) {
      toSigns.push(unit);
      if (isSignStep(unit.steps.at(-1)))
        return leadsToProduct(units, at + 1) ? { pools, toSigns, length: at + 1 - from } : undefined;
      if (second) return undefined;
    } else return undefined;
  }
  return undefined;
}

function leadsToProduct(units: readonly Unit[], from: number): boolean {
  const next = units.slice(from).find((unit) => !isSign(unit) && !isFlat(unit));
  return next !== undefined && isProduct(next);
}

// Runs of packed signs stay runs where images become rows, and in no other shape.
const isFlat = ({ steps: [step, ...more] }: Unit): boolean =>
  more.length === 0 && step?.type === 'reshape' && step.toRows;

/** The layers that do what a product and its tail did. */
async function packedProduct(
  { layer, steps: [{ weight, windows, channels: inputs }], signs }: SignProduct,
  { kind: input, channels: shared }: Flow,
  tail: Tail | undefined,
): Promise<{ readonly layers: readonly Module[]; readonly flow: Flow }> {
  const { rows, cols } = weight;
  if (input === 'real')
    throw new ArgumentError({
      operation,
      expected: 'signs or bytes as the input of a layer with weights of ±1',
      actual: `other values before ${layer.spec.type} ${inputs} → ${rows}`,
      remedy: "Put new Activation('byte') before the first layer; end hidden ones in a sign.",
    });
  const channels = (!windows && shared) || inputs;
  const matrix = SignMatrix.of(signs, { rows, runs: cols / channels, channels });
  const most = mostOf(input, cols);
  const thresholds =
    tail && (await thresholdsOf(tail.toSigns, { channels: rows, most, unit: unitOf(input) }));
  const isPooled = tail !== undefined && tail.pools.length > 0;
  const options = { input, matrix, ...(!isPooled && thresholds && { thresholds }) };
  return {
    layers: [
      ...(input === 'signs' && shared === undefined ? [new PackSigns()] : []),
      windows ? new PackedConv2d(spatialOptionsOf(windows), options) : new PackedDense(options),
      ...(isPooled && thresholds ? [...tail.pools, new PackSigns({ input, depth: cols, thresholds })] : []),
    ],
    flow: tail ? { kind: 'signs', channels: rows } : { kind: 'real' },
  };
}

function flowBehind({ steps }: Unit, flow: Flow): Flow {
  const last = steps.at(-1);
  // They move values and make none.
  if (last?.type === 'reshape' || (last?.type === 'pool' && last.kind === 'max')) return flow;
  if (isSignStep(last)) return { kind: 'signs' };
  return { kind: last?.type === 'activation' && last.name === 'byte' ? 'bytes' : 'real' };
}
