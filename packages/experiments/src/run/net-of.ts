import { createHash } from 'node:crypto';
import { readBytes } from '@funhash/codec';
import type { Dataset } from '@funhash/datasets';
import {
  type Compression,
  compress,
  load,
  type Module,
  type PlacedWeight,
  placedWeights,
  type Signature,
  type WeightRequest,
} from '@funhash/layers';
import { packedLayers } from '@funhash/layers/binary';
import { stepOf } from '../comparison/arms.ts';
import { SpecError } from '../errors.ts';
import { buildNet } from '../nets/build-net.ts';
import { fittingSchemes } from '../nets/fitting-schemes.ts';
import {
  type DataExtents,
  isBinary,
  isStack,
  type NetShape,
  placesOf,
  shapeOf,
} from '../nets/model-kinds.ts';
import { requireFilters, schemeAt } from '../nets/scheme-at.ts';
import { parseScheme, weightRequest } from '../nets/scheme-text.ts';
import type { FileNetSpec, NewNetSpec, RunSpec } from '../spec/run-spec.ts';

/** What a net is made for. */
export type NetData = DataExtents & Pick<Dataset, 'dtype' | 'classNames' | 'transformation'>;

/** A net to be trained, and how. */
export interface MadeNet {
  readonly net: Module;
  /** Name of the loss that suits it. */
  readonly loss: string;
  readonly learningRate: number;
  readonly relativeStep: boolean;
  /** What became of the schemes that whoever asked for them should know. */
  readonly notices: readonly string[];
}

/** Rate of the code of the paper on binary nets (Courbariaux et al. 2016). */
const binaryStep = 0.003;

/** A net that is made anew. @throws SpecError or ArgumentError where a scheme does not fit its layer */
export function newNet(spec: RunSpec, own: NewNetSpec, data: NetData): MadeNet {
  const { weights: given, ...config } = own;
  const shape = shapeOf(own, data);
  if (typeof given === 'string') requireFilters(parseScheme(given).kind, shape);
  const { weights, notices } =
    typeof given === 'string' ? oneForAll(given, shape) : { weights: given, notices: [] };
  const net = buildNet({ ...config, ...shape, weights, seed: spec.seed });
  net.signature = signatureOf(data);
  const { rule, learningRate, relativeStep } = spec.optimizer;
  // Latent values of signs all have one scale, and a rate of their own for each layer: their steps are not relative.
  const hasBounds = isBinary(own.model) && /binary/i.test(own.quantizer);
  const isRelative = relativeStep && !hasBounds;
  const usual = (): number => {
    if (hasBounds) return binaryStep;
    if (!isRelative) return rule === 'sgd' ? 0.1 : 0.001;
    const scheme = weights.find((text) => text !== 'dense') ?? 'dense';
    return stepOf(parseScheme(scheme).kind, isStack(own.model));
  };
  return {
    net,
    loss: isBinary(own.model) && data.classes !== undefined ? 'squaredHinge' : lossFor(data),
    learningRate: learningRate ?? usual(),
    relativeStep: isRelative,
    notices,
  };
}

/** What is said of the data beside a model. */
function signatureOf({ inputShape, dtype, classNames, transformation }: NetData): Signature {
  return {
    input: inputShape,
    dtype,
    ...(dtype === 'u8' && { scale: [0, 1] as const }),
    ...(classNames && { classes: classNames }),
    ...(transformation && { transformation }),
  };
}

/** The loss of classes, or that of numbers. */
export const lossFor = ({ classes }: Pick<Dataset, 'classes'>): string =>
  classes === undefined ? 'meanSquaredError' : 'softmaxCrossEntropy';

/** One scheme for all weights of a net but the first convolution, which stays plain, and those that it leaves no room. */
function oneForAll(
  given: string,
  shape: NetShape,
): { readonly weights: readonly string[]; readonly notices: readonly string[] } {
  const places = placesOf(shape).map((place, k, all) => ({
    ...place,
    name: `layer ${k + 1} of ${all.length}, ${place.rows} × ${place.cols},`,
  }));
  const { schemes, notices } = fittingSchemes(
    given,
    places,
    (place) => (place.role === 'stem' ? null : schemeAt(given, place)),
    'stays dense',
  );
  return { weights: places.map((place) => schemes.get(place) ?? 'dense'), notices };
}

/** The bytes of a file that a spec names. @throws SpecError where they are not those of its SHA-256 */
export async function bytesNamed(
  operation: string,
  { file, sha256 }: { readonly file: string; readonly sha256?: string | undefined },
): Promise<Uint8Array> {
  const bytes = await readBytes(file);
  const actual = sha256 && createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256)
    throw new SpecError({
      operation,
      expected: `the file of SHA-256 ${sha256}`,
      actual: actual ?? '',
    });
  return bytes;
}

/** The model of a file, as it is there. @throws SpecError where the file is not the one of the spec */
export async function netFromFile(spec: RunSpec, own: FileNetSpec): Promise<Module> {
  const bytes = await bytesNamed(`run on ${own.file}`, own);
  // Decoded once, the fastest that a model is without bits, where its speed is compared with that of bits.
  return load(bytes, { layers: packedLayers, ...(spec.storage.pack && { policy: 'frozen' as const }) });
}

/** A trained net with its weights fitted by the schemes of the spec, and the report of that. */
export async function refitted(
  spec: RunSpec,
  { weights, layers }: FileNetSpec,
  net: Module,
): Promise<Compression & { readonly notices: readonly string[] }> {
  const { requestOf, notices } = requestsIn(weights, layers, net);
  const { model, report } = await compress(net, {
    weight: requestOf,
    seed: spec.seed,
    ...(layers && { layers }),
  });
  return { model, report, notices };
}

/** How a net that was trained already goes on: with a part of the usual step, for it has less far to go. */
export function trainedOn(spec: RunSpec, net: Module, data: Pick<Dataset, 'classes'> | null): MadeNet {
  const { rule, learningRate, relativeStep } = spec.optimizer;
  const usual = (): number => {
    if (!relativeStep) return rule === 'sgd' ? 0.03 : 0.0003;
    const placed = placedWeights(net);
    const kind = placed.find((weight) => weight.kind !== 'dense')?.kind ?? 'dense';
    const hasKernels = placed.some((weight) => placeOf(weight).kernelSize > 1);
    return stepOf(kind, !hasKernels) / 3;
  };
  return {
    net,
    loss: data ? lossFor(data) : 'softmaxCrossEntropy',
    learningRate: learningRate ?? usual(),
    relativeStep,
    notices: [],
  };
}

interface Requests {
  readonly requestOf: (placed: PlacedWeight) => WeightRequest | undefined;
  readonly notices: readonly string[];
}

/** What each weight shall become. @throws SpecError where there is not one scheme for each */
function requestsIn(
  weights: string | readonly string[] | undefined,
  layers: readonly string[] | undefined,
  net: Module,
): Requests {
  if (weights === undefined || weights.length === 0) return { requestOf: () => undefined, notices: [] };
  const chosen = placedWeights(net).filter(
    ({ name, places }) => !layers || [name, ...places].some((known) => layers.includes(known)),
  );
  const names = chosen.map(({ name }) => name);
  if (typeof weights === 'string') {
    const { schemes, notices } = fittingSchemes(
      weights,
      chosen,
      (placed) => schemeAt(weights, placeOf(placed)),
      'stays as it is',
    );
    const byName = new Map([...schemes].map(([{ name }, scheme]) => [name, scheme]));
    const requestOf = ({ name }: PlacedWeight) => {
      const scheme = byName.get(name);
      return typeof scheme === 'string' ? requestAt(scheme) : undefined;
    };
    return { requestOf, notices };
  }
  if (weights.length !== names.length)
    throw new SpecError({
      operation: 'weights',
      expected: `one scheme for each of ${names.join(', ') || 'no weights'}`,
      actual: `${weights.length}: ${weights.join(' ')}`,
    });
  return { requestOf: ({ name }) => requestAt(weights[names.indexOf(name)] as string), notices: [] };
}

function requestAt(scheme: string): WeightRequest {
  const parsed = parseScheme(scheme);
  if (parsed.shared)
    throw new SpecError({
      operation: `scheme ${scheme}`,
      expected: 'values of its own for each layer',
      actual: 'shared',
      remedy: 'Train with a shared space from the start.',
    });
  return weightRequest(parsed);
}

/** Schemes for filters go by the side of a square kernel. */
function placeOf({ layer, cols }: PlacedWeight): { cols: number; kernelSize: number } {
  const { kernelSize = 1 } =
    (layer as { readonly options?: { readonly kernelSize?: unknown } }).options ?? {};
  const windows = layer.inference().map((step) => (step.type === 'product' ? step.windows : undefined));
  // Along one axis a number is no square.
  const isSquare = typeof kernelSize === 'number' && !windows.some((each) => each?.axes === 1);
  return { cols, kernelSize: isSquare ? kernelSize : 1 };
}
