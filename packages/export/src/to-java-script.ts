import { type OptionsOf, option } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { sizeOf } from '@funhash/tensor';
import { lowered } from './lower.ts';
import type { Network, NetworkBuffer } from './network.ts';
import { networkOf, networkRules } from './network-of.ts';
import { withDecoded } from './passes/decode.ts';
import { folded } from './passes/fold.ts';
import { fused } from './passes/fuse.ts';
import { placed } from './passes/layout.ts';
import { keptBuffers, type Staged, staged } from './passes/start.ts';
import { assembled, type Sharing } from './text/assemble.ts';
import { compact } from './text/compact.ts';
import type { Dialect } from './text/dialect.ts';
import type { Place } from './text/kernel-text.ts';
import { scriptDialect } from './text/script-dialect.ts';
import { type PlacedLevels, sizeRules, type Values } from './values/coded.ts';
import { levelsOf } from './values/levels.ts';
import { codedPayload, decoders, type PlacedValues, payloadOf } from './values/payload.ts';

const rules = {
  ...networkRules,
  ...sizeRules,
  /**
   * `module` (default): an ES module that exports `predict`. `script`: for a script tag or `importScripts`, which makes a
   * global function.
   */
  form: option.oneOf(['module', 'script']),
  /** Name of the function. Default `predict`. */
  name: option.that<string>(
    'the name of a function, of letters, digits and _',
    (value) => typeof value === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(value),
  ),
} as const;

export type JavaScriptOptions = OptionsOf<typeof rules>;

/** A network as a script that needs nothing. */
export interface ExportedScript {
  /** The script: an ES module without imports, or a classic script. */
  readonly script: string;
  /** What TypeScript is told of it: the contents of a `.d.ts` beside the module. */
  readonly types: string;
  /** Numbers that `predict` takes and gives. */
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * A network as one file of JavaScript with everything in it: stored values as text, their decoder, and kernels written out for
 * these shapes. No imports, no `eval`, no `new Function`: it runs in pages under `default-src 'self'`. Virtual matrices are decoded
 * when the file is loaded, into memory. Equal networks give equal files.
 *
 *     const { script } = await toJavaScript(net, { input: [28, 28, 1] });
 *
 * @returns the file: `predict(input)` takes all numbers of an input, in row-major order, and gives those of the output
 * @throws ArgumentError where the shape of the input is not known; PlanError where the network reads values while it
 * computes; ExportError for what scripts have no form of, such as f64
 */
export async function toJavaScript(model: Model, options: JavaScriptOptions = {}): Promise<ExportedScript> {
  const given = await networkOf('toJavaScript', rules, model, options);
  const { form = 'module', name = 'predict' } = options;
  const network = folded(withDecoded(given, 'smaller'), 'smaller');
  const operations = fused(lowered(network), network.output);
  const stages = staged(network.buffers, operations, network.input.buffer, 'load');
  const of = (kind: Values): string =>
    scriptOf(network, stages, form, name, kind, dialects[options.code ?? 'fast']);
  const smaller = (): string => {
    const [packed, coded] = [of('packed'), of('coded')];
    return coded.length < packed.length ? coded : packed;
  };
  return {
    script: options.values ? of(options.values) : smaller(),
    types: typesOf(network, name),
    inputs: sizeOf(network.input.shape),
    outputs: sizeOf(network.output.shape),
  };
}

/** Functions that do not depend on the network. */
const prelude = {
  // Not the method itself: global names are slow to find in contexts of Node's vm.
  max: 'const{max}=Math;',
  ones: 'function ones(w){w-=w>>>1&0x55555555;w=(w&0x33333333)+(w>>>2&0x33333333);return Math.imul(w+(w>>>4)&0x0f0f0f0f,0x01010101)>>>24}',
  within: 'function within(i,n){if(!(i>=0&&i<n))throw new RangeError("a word is 0 to "+(n-1)+", not "+i)}',
} as const;

const dialects: Readonly<Record<'fast' | 'small', Dialect>> = {
  fast: scriptDialect,
  small: { ...scriptDialect, sums: 8, channels: 2, shares: true },
};

const sharing: Sharing = {
  kindOf: ({ array }) => array,
  parameter: (name) => name,
  argument: (place, first) => String(place.offset + first),
  inside: (name, { array }, relative) => ({
    array,
    offset: relative === 0 ? name : `${name} + ${relative}`,
  }),
};

function scriptOf(
  network: Network,
  { buffers, start, run }: Staged,
  form: string,
  name: string,
  kind: Values,
  dialect: Dialect,
): string {
  const { input, output } = network;
  const kept = keptBuffers(buffers, start);
  const common = { kept, output, input: input.buffer };
  const reals = placed(buffers, run, { dtype: 'f32', ...common });
  const words = placed(buffers, run, { dtype: 'i32', ...common });
  const placeOf = (buffer: number): Place => {
    const isWord = buffers[buffer]?.dtype === 'i32';
    const offset = (isWord ? words : reals).offsets.get(buffer) ?? 0;
    return { array: isWord ? 'n' : 'm', dtype: isWord ? 'i32' : 'f32', isShared: true, offset };
  };
  const { functions, bodies } = assembled([start, run], buffers, placeOf, dialect, sharing);
  const { coded, plain } = valuesOf(kind, buffers, placeOf);
  const payloads = plain.map(({ values, offset }) => payloadOf(values, offset));
  const needs = new Set(payloads.flatMap(({ needs }) => needs ?? []));
  const [startBody = '', runBody = ''] = bodies;
  const code = compact([functions, dialect.define('$start', [], startBody, 'nothing')].join('\n'));
  const from = placeOf(input.buffer);
  const to = placeOf(output.buffer);
  const first = to.offset + output.offset;
  const inputs = sizeOf(input.shape);
  const predict = [
    `if(x.length!==${inputs})throw new RangeError("${name} takes ${inputs} numbers, not "+x.length);`,
    `${from.array}.set(x,${from.offset});`,
    compact(runBody),
    `return ${to.array}.slice(${first},${first + sizeOf(output.shape)})`,
  ].join('');
  const own = runBody + functions + startBody;
  const used = Object.entries(prelude).flatMap(([name, text]) => (own.includes(`${name}(`) ? [text] : []));
  const parts = [
    `const m=new Float32Array(${reals.length})${words.length > 0 ? `,n=new Int32Array(${words.length})` : ''};`,
    ...[...needs].sort().map((each) => decoders[each]),
    ...used,
    startBody === '' ? compact(functions) : code,
    coded.length > 0 ? codedPayload(coded, dialect) : '',
    ...payloads.map(({ statements }) => statements),
    startBody === '' ? '' : '$start();',
  ].filter((part) => part !== '');
  if (form === 'module') return `${parts.join('\n')}\nexport function ${name}(x){${predict}}\n`;
  return `var ${name}=(()=>{${parts.join('\n')}\nreturn x=>{${predict}}})();\n`;
}

/** Stored values by the way that they lie in the file. */
function valuesOf(
  kind: Values,
  buffers: readonly NetworkBuffer[],
  placeOf: (buffer: number) => Place,
): { readonly coded: readonly PlacedLevels[]; readonly plain: readonly PlacedValues[] } {
  const given = buffers.flatMap(({ values }, number): readonly PlacedValues[] =>
    values?.some((value) => !Object.is(value, 0)) ? [{ values, offset: placeOf(number).offset }] : [],
  );
  const levels = given.map(({ values }) =>
    kind === 'coded' && values instanceof Float32Array ? levelsOf(values) : undefined,
  );
  const coded = given.flatMap(({ offset }, k): readonly PlacedLevels[] => {
    const found = levels[k];
    return found ? [{ found, offset }] : [];
  });
  return { coded, plain: given.filter((_, k) => !levels[k]) };
}

function typesOf({ input, output }: Network, name: string): string {
  return [
    `/** Input [${input.shape}], row by row: ${sizeOf(input.shape)} numbers. Gives [${output.shape}]. */`,
    `export declare function ${name}(input: ArrayLike<number>): Float32Array;`,
    '',
  ].join('\n');
}
