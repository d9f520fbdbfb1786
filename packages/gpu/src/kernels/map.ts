import { programText } from '@funhash/codegen';
import type { Program } from '@funhash/formula';
import { type Kernels, referenceBackend, sizeOf, type View } from '@funhash/tensor';
import { axesKey, joined, positionLines, quotient } from '../addressing.ts';
import { type GpuContext, languageOf } from '../context.ts';
import type { Elements } from '../device.ts';
import type { GpuBuffer } from '../memory.ts';
import { nativeCode } from '../program-operands.ts';

/** All outputs in one pass, one behind the other in one array. */
export function mapKernel({ device, memory, onReference }: GpuContext): Kernels['map'] {
  return (program, inputs, scalars, outs) => {
    const size = sizeOf((outs[0] as View).shape);
    if (size === 0) return;
    // Textures hold floats, in which large whole numbers are not exact.
    if (outs[0]?.dtype === 'i32') return onReference('map', [program, inputs, scalars, outs]);
    const used = new Set(program.nodes.flatMap(({ op, value }) => (op === 'input' ? [value] : [])));
    const operands = inputs.map((view, slot) => operandOf(view, used.has(slot)));
    if (operands.every(({ view }) => !view)) {
      const values = constantResults(program, operands, scalars);
      return outs.forEach((out, k) => {
        memory.storeConstant(out, values[k] as number);
      });
    }
    const read = operands.flatMap(({ view }) => (view ? [view] : []));
    const axes = joined({
      shape: (outs[0] as View).shape,
      strides: read.map(({ strides }) => strides),
    });
    const kinds = operands.map(({ view }) => (view ? 'a' : 'c')).join('');
    const args: (Elements | number)[] = operands.flatMap(({ view, constant }) =>
      view ? memory.argumentsOf(view) : [constant],
    );
    const key = `map:${program.key}:${size}:${kinds}:${axesKey(axes)}`;
    const array = device.run(key, [...args, ...scalars], () => {
      const text = programText(program, languageOf(device.mode));
      const names = operands.flatMap(({ view }, k) => (view ? [`x${k}`, `from${k}`] : [`x${k}`]));
      const positions = operands.flatMap(({ view }, k) => (view ? [`at${k}`] : []));
      const lines = text.evaluate({
        input: (slot) => (operands[slot]?.view ? `x${slot}[from${slot} + at${slot}]` : `x${slot}`),
        scalar: (slot) => `s${slot}`,
      });
      const many = outs.length > 1;
      const chosen = text.results.slice(1).map((name, k) => `if (part > ${k}.5) { result = ${name}; }`);
      return {
        length: size * outs.length,
        functions: [quotient],
        native: nativeCode(text, languageOf(device.mode)),
        source: `function (${[...names, ...scalars.map((_, slot) => `s${slot}`)].join(', ')}) {
          ${many ? `const part = quotient(this.thread.x, ${size});` : ''}
          const index = this.thread.x${many ? ` - part * ${size}` : ''};
          ${positionLines(axes, positions, 'index')}
          ${lines.join('\n')}
          let result = ${text.results[0]};
          ${chosen.join('\n')}
          return result;
        }`,
      };
    });
    outs.forEach((out, k) => {
      memory.store(out, array.retain(), k * size);
    });
    array.release();
  };
}

/** What a program gives for the same values everywhere. */
function constantResults(
  program: Program,
  operands: readonly { readonly constant: number }[],
  scalars: readonly number[],
): number[] {
  const single = (value: number) => {
    const data = Float32Array.of(value);
    const buffer = { dtype: 'f32', length: 1, data } as const;
    return { data, view: { buffer, dtype: 'f32', shape: [], strides: [], offset: 0 } as View };
  };
  const inputs = operands.map(({ constant }) => single(constant).view);
  const outs = program.outputs.map(() => single(0));
  referenceBackend.kernels.map?.(
    program,
    inputs,
    scalars,
    outs.map(({ view }) => view),
  );
  return outs.map(({ data }) => data[0] as number);
}

/** An input: its view, or only the value of all its elements, or 0 where no output depends on it. */
function operandOf(view: View, isUsed: boolean): { readonly view?: View; readonly constant: number } {
  const { constant } = view.buffer as GpuBuffer;
  return isUsed && constant === undefined ? { view, constant: 0 } : { constant: constant ?? 0 };
}
