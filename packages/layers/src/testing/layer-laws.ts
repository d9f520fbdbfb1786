import { gradientsOf, sum } from '@funhash/autodiff';
import { encodeModel, type JsonValue, ModelFileError } from '@funhash/codec';
import { FunhashError, OptionError } from '@funhash/hashing';
import type { Law } from '@funhash/hashing/testing';
import { isFloat, memory, type Shape, scope, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import * as layerClasses from '../layer-classes.ts';
import type { LayerSpec, Module, ModuleClass } from '../module.ts';
import { inference, trace } from '../pass.ts';
import { type LayerLawName, layerLawNames } from '../sample.ts';
import { StagedBuffers } from '../staged-buffers.ts';
import { drawnLayers } from './drawn-layers.ts';
import { checkGradients, onReference } from './gradient-law.ts';
import { fail, type LayerLawOptions, requireSame, Subject } from './law-subject.ts';
import { checkPlans } from './plan-law.ts';

export type { LayerLawOptions } from './law-subject.ts';

/**
 * The laws of a layer, each a name and a check that throws LawError:
 *
 *     for (const law of layerLaws(() => new GRU({ in: 3, hiddenSize: 2 }), [2, 4, 3])) test(law.name, law.check);
 *
 * Files and descriptions give the same layer again; unknown options are refused with the nearest name; examples of a
 * batch do not touch each other; a step that fails changes nothing that is stored; a plan repeats a pass bit for bit; gradients are those of central differences, in f64; a pass leaves no memory behind;
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

  'failed step': (subject) => {
    const x = subject.x();
    const [layer, atOnce] = [subject.used(), subject.used()];
    const values = layer.parameters().map(({ value }) => value);
    const staged = new StagedBuffers();
    const pass = () => ({ ...subject.training(), staged });
    const step = (): void =>
      scope(() => {
        const loss = () => sum(layer.forward(x, pass()));
        if (values.length > 0) gradientsOf(loss, values);
        else loss();
      });
    const [text, before] = [specText(layer.spec), storedIn(layer)];
    step();
    requireStored('values stored after a pass whose step was not taken', storedIn(layer), before);
    if (specText(layer.spec) !== text) fail('description after such a pass', text, specText(layer.spec));
    staged.discard();
    // Two passes go on from each other, as they do where buffers change at once.
    for (let k = 0; k < 2; k++) step();
    staged.commit();
    scope(() => {
      for (let k = 0; k < 2; k++) atOnce.forward(x, subject.training());
    });
    requireStored('values stored after a step', storedIn(layer), storedIn(atOnce));
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

  plan: checkPlans,
};

function storedIn(layer: Module): Map<string, readonly number[]> {
  const stored = [...layer.namedParameters(), ...layer.namedBuffers()];
  return new Map(stored.map(([name, { value }]) => [name, [...value.dataSync()]]));
}

function requireStored(
  operation: string,
  actual: ReadonlyMap<string, readonly number[]>,
  expected: ReadonlyMap<string, readonly number[]>,
): void {
  for (const [name, values] of expected) {
    const found = actual.get(name);
    const at = values.findIndex((value, k) => !Object.is(found?.[k], value));
    if (at >= 0) fail(operation, `${name}: ${values[at]} at ${at}`, String(found?.[at]));
  }
}

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
