import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { axesKey, joined, positionLines, quotient } from '../addressing.ts';
import { type GpuContext, languageOf } from '../context.ts';
import type { DeviceArray } from '../device.ts';
import type { GpuBuffer } from '../memory.ts';
import { programPrelude, programText } from '../program/program-text.ts';

/** All outputs in one pass, one behind the other in one array. */
export function mapKernel({ device, memory }: GpuContext): Kernels['map'] {
  return (program, inputs, scalars, outs) => {
    const size = sizeOf((outs[0] as View).shape);
    if (size === 0) return;
    const operands = inputs.map((view) => operandOf(view));
    const read = operands.flatMap(({ view }) => (view ? [view] : []));
    const axes = joined({
      shape: (outs[0] as View).shape,
      strides: read.map(({ strides }) => strides),
    });
    const kinds = operands.map(({ view }) => (view ? 'a' : 'c')).join('');
    const args: (DeviceArray | number)[] = operands.flatMap(({ view, constant }) =>
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
        native: {
          text: `${programPrelude(languageOf(device.mode))}\n${text.native}`,
          callable: text.callable,
        },
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

/** An input: its view, or only the value of all its elements. */
function operandOf(view: View): { readonly view?: View; readonly constant: number } {
  const { constant } = view.buffer as GpuBuffer;
  return constant === undefined ? { view, constant: 0 } : { constant };
}
