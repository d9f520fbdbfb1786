import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { encodeModel, type JsonValue, ModelFileError } from '@funhash/codec';
import { FunhashError, OptionError, random } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import {
  currentBackend,
  type FloatDType,
  isFloat,
  memory,
  type Shape,
  scope,
  sizeOf,
  type Tensor,
  tensor,
  useBackend,
} from '@funhash/tensor';
import * as layerClasses from '../layer-classes.ts';
import type { LayerClass } from '../model-file/layer-reader.ts';
import { load } from '../model-file/load.ts';
import type { LayerSpec, Module, ModuleClass } from '../module.ts';
import { inference, type Pass, trace } from '../pass.ts';
import { type LayerLawName, layerLawNames } from '../sample.ts';
import { drawnLayers } from './drawn-layers.ts';

export interface LayerLawOptions {
  /** Laws that are left out, such as `gradients` for a layer of pseudo-gradients. Default none. */
  readonly except?: readonly LayerLawName[];
  /** Inputs are whole numbers from 0 up to this one. Default: normal numbers. */
  readonly below?: number;
  /** Layers of the caller's own that files of the layer need, besides its class. */
  readonly layers?: Readonly<Record<string, LayerClass>>;
  /** Layers with other options that are drawn from its rules, besides the one given. Default 4; none for containers. */
  readonly drawn?: number;
  /** Decides inputs and draws. Default 1. */
  readonly seed?: number;
}

/**
 * The laws of a layer, each a name and a check that throws LawError:
 *
 *     for (const law of layerLaws(() => new GRU({ in: 3, hiddenSize: 2 }), [2, 4, 3])) test(law.name, law.check);
 *
 * Files and descriptions give the same layer again; unknown options are refused with the nearest name; examples of a
 * batch do not touch each other; gradients are those of central differences, in f64; a pass leaves no memory behind;
 * what is wrong gives typed errors.
 *
 * @param make a layer, made anew at each call
 * @param input shape of an input, the batch first, of at least 2 examples
 */
export function layerLaws(make: () => Module, input: Shape, options: LayerLawOptions = {}): readonly Law[] {
  const { except = [] } = options;
  return layerLawNames
    .filter((name) => !except.includes(name))
    .map((name) => ({
      name,
      check: async () => {
        const { drawn: count = 4, seed = 1 } = options;
        const { x } = new Subject(make, input, options);
        const drawn = drawnLaws.includes(name) ? drawnLayers(make(), x, count, seed) : [];
        for (const each of [make, ...drawn]) await laws[name](new Subject(each, input, options));
      },
    }));
}

/** Laws that are also checked on layers with drawn options. */
const drawnLaws: readonly LayerLawName[] = [
  'file',
  'description',
  'batch',
  'summary',
  'gradients',
  'rewriting',
];

/** A layer under its laws. */
class Subject {
  readonly make: () => Module;
  readonly input: Shape;
  readonly options: LayerLawOptions;

  constructor(make: () => Module, input: Shape, options: LayerLawOptions) {
    this.make = make;
    this.input = input;
    this.options = options;
  }

  /** An input. */
  readonly x = (dtype: FloatDType = 'f32', shape: Shape = this.input): Tensor => {
    const { below, seed = 1 } = this.options;
    const source = random(seed);
    const values = Float64Array.from({ length: sizeOf(shape) }, () =>
      below === undefined ? source.normal() : source.integer(below),
    );
    return below === undefined
      ? tensor(values, shape, { dtype })
      : tensor(Int32Array.from(values), shape, { dtype: 'i32' });
  };

  /** A layer with normalisation and biases that are not those of the start. */
  used(dtype: FloatDType = 'f32'): Module {
    const layer = this.make();
    layer.useDtype(dtype);
    const source = random((this.options.seed ?? 1) + 1);
    for (const [name, parameter] of [...layer.namedParameters(), ...layer.namedBuffers()]) {
      const { value } = parameter;
      if (!isFloat(value.dtype) || !/(bias|scale|shift|mean|variance)$/.test(name)) continue;
      const values = Float64Array.from({ length: value.size }, () => 0.5 + source.uniform());
      scope(() => parameter.assign(tensor(values, value.shape, { dtype: value.dtype })));
    }
    return layer;
  }

  training(): Pass {
    return { training: true, random: random(5) };
  }

  async loaded(bytes: Uint8Array): Promise<Module> {
    return load(bytes, { layers: this.classes() });
  }

  classes(): Readonly<Record<string, LayerClass>> {
    const own: Record<string, LayerClass> = {};
    const visit = (module: Module): void => {
      const known = module.constructor as unknown as LayerClass;
      own[known.type] = known;
      for (const member of module.members.values()) visit(member);
    };
    visit(this.make());
    return { ...layerClasses, ...own, ...this.options.layers };
  }
}

function fail(operation: string, expected: string, actual: string): never {
  throw new LawError({ operation, expected, actual });
}

function requireSame(operation: string, actual: Tensor, expected: Tensor, tolerance = 0): void {
  if (actual.shape.join() !== expected.shape.join())
    fail(operation, `shape [${expected.shape}]`, `[${actual.shape}]`);
  const [found, right] = [actual.dataSync(), expected.dataSync()];
  for (let k = 0; k < right.length; k++) {
    const [a, b] = [found[k] as number, right[k] as number];
    if (Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))) continue;
    fail(operation, `${b} at ${k}`, String(a));
  }
}

const specText = (spec: LayerSpec): string => JSON.stringify(spec);

const laws: Readonly<Record<LayerLawName, (subject: Subject) => void | Promise<void>>> = {
  file: async (subject) => {
    const layer = subject.used();
    const bytes = await layer.toBytes();
    const loaded = await subject.loaded(bytes);
    const x = subject.x();
    requireSame('output of the layer from its file', loaded.forward(x), layer.forward(x));
    if (specText(loaded.spec) !== specText(layer.spec))
      fail('description of the layer from its file', specText(layer.spec), specText(loaded.spec));
    const again = await loaded.toBytes();
    if (again.length !== bytes.length || again.some((byte, k) => byte !== bytes[k]))
      fail('the file of the layer from its file', 'the same bytes', 'others');
  },

  description: async (subject) => {
    const { spec } = subject.used();
    const text = specText(spec);
    if (specText(JSON.parse(text)) !== text) fail('description', 'plain JSON', text);
    // A member's fields are its own.
    for (const name of Object.keys(spec))
      await requireRefused(subject, { ...spec, [`${name}x`]: 1 }, `${name}x`);
    await requireRefused(subject, { ...spec, constructor: 1 }, 'constructor');
  },

  'unknown options': (subject) => {
    const layer = subject.make();
    const { options: rules } = layer.constructor as unknown as ModuleClass;
    const create = creatorOf(layer);
    if (!create) return;
    for (const name of [...Object.keys(rules), 'stranger']) {
      const misspelt = `${name}x`;
      const error = errorOf(() => create({ ...layer.options, [misspelt]: 1 }));
      if (!(error instanceof OptionError)) fail(`the option ${misspelt}`, 'OptionError', shownError(error));
      const isNear = name === 'stranger' || error.message.includes(`did you mean ${name}?`);
      if (!isNear) fail(`the option ${misspelt}`, `a message that names ${name}`, error.message);
    }
  },

  'wrong options': (subject) => {
    const layer = subject.make();
    const { options: rules } = layer.constructor as unknown as ModuleClass;
    const create = creatorOf(layer);
    if (!create) return;
    for (const [name, rule] of Object.entries(rules))
      for (const value of oddValues) {
        const error = errorOf(() => create({ ...layer.options, [name]: value }));
        const isTyped = error === undefined || error instanceof FunhashError;
        if (!isTyped || (error === undefined && !rule.accepts(value)))
          fail(`option ${name}: ${describe(value)}`, 'ArgumentError', shownError(error));
      }
    for (const given of [null, 3, 'x', [], new Map()]) {
      const error = errorOf(() => create(given as never));
      if (!(error instanceof FunhashError))
        fail(`options ${describe(given)}`, 'ArgumentError', shownError(error));
    }
  },

  batch: (subject) => {
    const layer = subject.used();
    const x = subject.x();
    const [batch = 1, ...rest] = x.shape;
    const whole = layer.forward(x);
    if (whole.shape[0] !== batch) fail('output', `${batch} examples`, `shape [${whole.shape}]`);
    const size = sizeOf(rest);
    const outputs = whole.dataSync();
    const share = outputs.length / batch;
    for (let k = 0; k < batch; k++) {
      const values = x.dataSync().slice(k * size, (k + 1) * size);
      const alone = layer.forward(tensor(values, [1, ...rest], { dtype: x.dtype }));
      const own = tensor(outputs.slice(k * share, (k + 1) * share), alone.shape, { dtype: whole.dtype });
      requireSame(`example ${k} by itself`, alone, own, 1e-5);
    }
  },

  repeat: (subject) => {
    const x = subject.x();
    const [first, second] = [subject.used(), subject.used()].map((layer) =>
      layer.forward(x, subject.training()),
    ) as [Tensor, Tensor];
    requireSame('a training pass of the same seeds', second, first);
  },

  summary: (subject) => {
    const layer = subject.used();
    const { total, rows } = layer.summary();
    const stored = layer.parameters().reduce((sum, { value }) => sum + value.size, 0);
    const buffers = [...layer.namedBuffers().values()].reduce((sum, { value }) => sum + value.size, 0);
    // Packed layers list what is not trained, running statistics are not listed.
    if (total.storedCount !== stored && total.storedCount !== stored + buffers)
      fail('stored values of the summary', String(stored), String(total.storedCount));
    const names = rows.map(({ name }) => name);
    if (new Set(names).size !== names.length) fail('rows of the summary', 'names of their own', names.join());
  },

  gradients: (subject) => onReference(() => checkGradients(subject)),

  precision: (subject) =>
    onReference(() => {
      const y = subject.used('f64').forward(subject.x('f64'));
      if (isFloat(y.dtype) && y.dtype !== 'f64') fail('a layer of f64 values', 'an output of f64', y.dtype);
      requireSame('f32 against f64', subject.used('f32').forward(subject.x()), y, 1e-3);
    }),

  memory: (subject) => {
    const layer = subject.used();
    const values = layer.parameters().map(({ value }) => value);
    const x = subject.x();
    const step = (): void =>
      scope(() => {
        layer.forward(x, subject.training());
        if (values.length > 0) gradientsOf(() => sum(layer.forward(x, subject.training())), values);
      });
    // What a first pass makes to keep, such as a decoded weight, is not made again.
    for (let k = 0; k < 2; k++) step();
    const before = memory().buffers;
    for (let k = 0; k < 5; k++) step();
    const after = memory().buffers;
    if (after !== before) fail('buffers after five passes', String(before), String(after));
  },

  'wrong shapes': (subject) => {
    const layer = subject.used();
    const { input } = subject;
    const shapes: Shape[] = [
      [],
      [input[0] as number],
      [...input, 2],
      input.slice(0, -1),
      [...input.slice(0, -1), (input.at(-1) as number) + 1],
      [...input.slice(0, -1), 0],
      [0, ...input.slice(1)],
    ];
    for (const shape of shapes) {
      const error = errorOf(() => scope(() => void layer.forward(subject.x('f32', shape))));
      if (error !== undefined && !(error instanceof FunhashError))
        fail(`an input of shape [${shape}]`, 'an output or a typed error', shownError(error));
    }
  },

  observe: (subject) => {
    const layer = subject.used();
    const x = subject.x();
    const shown = trace(layer, x, inference);
    const output = shown.get('output');
    if (!output) fail('observe', 'the output of the layer', [...shown.keys()].join() || 'nothing');
    requireSame('output that was observed', output, layer.forward(x));
    for (const name of layer.members.keys())
      if (![...shown.keys()].some((place) => place.startsWith(`${name}.`)))
        fail('observe', `what the member ${name} makes`, [...shown.keys()].join());
  },

  rewriting: (subject) => {
    const layer = subject.used();
    const x = subject.x();
    requireSame(
      'a layer with the same members',
      layer.withMembers((member) => member).forward(x),
      layer.forward(x),
    );
    if (creatorOf(layer)) {
      const same = layer.with({});
      requireSame('a layer with no options changed', same.forward(x), layer.forward(x));
      const [own, other] = [layer.parameters(), same.parameters()];
      if (own.some((parameter, k) => parameter.value !== other[k]?.value))
        fail('a layer with no options changed', 'the same parameters', 'others');
    }
    const named = [...layer.namedParameters().values()];
    for (const [name, weight] of layer.weights())
      for (const parameter of weight.parameters)
        if (!named.includes(parameter)) fail(`weight ${name}`, 'parameters of the layer', parameter.name);
  },

  steps: (subject) => {
    const layer = subject.used();
    const x = subject.x();
    const steps = layer.inference();
    let y = x;
    for (const step of steps) {
      if (step.type === 'product' && !step.windows) y = step.weight.matmul(y);
      else if (step.type === 'affine') y = step.run(y);
      else if (step.type === 'activation') y = new layerClasses.Activation(step.name).forward(y);
      // The others say too little to be run by themselves.
      else return;
    }
    requireSame('its steps one after the other', y, layer.forward(x), 1e-5);
  },
};

/** Values that hardly any option takes. */
const oddValues: readonly unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0.5,
  2 ** 53,
  '',
  'stranger',
  '1',
  true,
  null,
  [],
  [-1],
  [[]],
  {},
  Object.create(null),
  Symbol('x'),
  10n,
  () => 1,
  new Float32Array(2),
];

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? (JSON.stringify(value) ?? 'object') : String(value);

const shownError = (error: unknown): string =>
  error === undefined
    ? 'no error'
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);

function errorOf(act: () => unknown): Error | undefined {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** How the class is built of options alone; undefined where its constructor takes more. */
function creatorOf(layer: Module): ((options: object) => Module) | undefined {
  const own = layer.constructor as new (options: object) => Module;
  const create = (options: object): Module => new own(options);
  // Containers take their members first.
  const isAlone = errorOf(() => create(layer.options)) === undefined;
  return isAlone ? create : undefined;
}

async function requireRefused(subject: Subject, spec: LayerSpec, name: string): Promise<void> {
  const layer = subject.used();
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array | Int32Array }> = {};
  for (const [key, { value }] of [...layer.namedParameters(), ...layer.namedBuffers()])
    tensors[key] = { shape: value.shape, data: (await value.data()).slice() as Float32Array };
  const spaces = [...layer.sharedSpaces()].map((space) => space.name);
  const file = encodeModel({ spec: { model: spec as JsonValue, spaces, ties: {} }, tensors });
  const error = await subject.loaded(file).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  if (!(error instanceof ModelFileError) || !error.message.includes(name))
    fail(`a file with the field ${name}`, 'ModelFileError that names it', shownError(error));
}

/** Runs a check on the reference backend, which alone computes in f64. */
async function onReference(check: () => void): Promise<void> {
  const before = currentBackend();
  await useBackend('reference');
  try {
    check();
  } finally {
    await useBackend(before);
  }
}

const step = 1e-6;
const directions = 3;

/** Derivatives along random directions, by central differences: of the input, and of each parameter. */
function checkGradients(subject: Subject): void {
  const layer = subject.used('f64');
  const x = subject.x('f64');
  const parameters = [...layer.namedParameters()];
  const isReal = isFloat(x.dtype);
  const weights = scope(() => {
    const y = layer.forward(x, subject.training());
    return tensor(random(3).fillUniform(new Float64Array(y.size), 0.5, 1.5), y.shape);
  });
  const objective = (at: Tensor): Tensor => sum(multiply(layer.forward(at, subject.training()), weights));
  const places = [
    ...(isReal ? [['the input', x] as const] : []),
    ...parameters.map(([name, { value }]) => [name, value] as const),
  ];
  if (places.length === 0) return;
  const [, gradients] = gradientsOf(
    () => objective(x),
    places.map(([, value]) => value),
  );
  const source = random(4);
  places.forEach(([name, value], k) => {
    const gradient = (gradients[k] as Tensor).dataSync();
    const start = Float64Array.from(value.dataSync());
    for (let direction = 0; direction < directions; direction++) {
      const along = source.fillNormal(new Float64Array(start.length));
      const at = (delta: number): number =>
        scope(() => {
          const moved = tensor(
            start.map((each, i) => each + delta * (along[i] as number)),
            value.shape,
          );
          if (value === x) return objective(moved).item();
          const parameter = parameters.find(([, own]) => own.value === value)?.[1];
          parameter?.assign(moved);
          return objective(x).item();
        });
      const difference = (at(step) - at(-step)) / (2 * step);
      at(0);
      const slope = gradient.reduce(
        (total: number, each: number, i: number) => total + each * (along[i] as number),
        0,
      );
      const size = Math.max(1, Math.abs(difference));
      if (!(Math.abs(difference - slope) <= 1e-5 * size))
        fail(`derivative by ${name}`, String(difference), String(slope));
    }
  });
}
