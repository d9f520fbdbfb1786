import { type Kernels, sizeOf } from '@funhash/tensor';
import { type Axes, axesKey, isNested, positionLines, quotient, windowLines } from '../addressing.ts';
import type { GpuContext } from '../context.ts';
import { covers, type GpuBuffer } from '../memory.ts';
import { onHost } from './on-host.ts';

export function fillKernel({ device, memory, onReference }: GpuContext): Kernels['fill'] {
  return (out, value) => {
    if (sizeOf(out.shape) === 0) return;
    const buffer = out.buffer as GpuBuffer;
    if (covers(out)) return memory.fill(buffer, value);
    if (!isNested(out)) return onReference('fill', [out, value]);
    const axes = { shape: out.shape, strides: [out.strides] };
    const { array, at } = memory.regionOf(buffer);
    const { length } = buffer;
    const filled = device.run(`fill:${length}:${axesKey(axes)}`, [array, at, out.offset, value], () => ({
      length,
      functions: [quotient],
      source: `function (old, at, offset, value) {
        const from = this.thread.x - offset;
        ${windowLines(axes, [], 'from')}
        let result = old[at + this.thread.x];
        if (inside > 0) { result = value; }
        return result;
      }`,
    }));
    memory.replace(buffer, filled);
  };
}

export function copyKernel(context: GpuContext): Kernels['copy'] {
  const { device, memory, onReference } = context;
  return (x, out) => {
    const size = sizeOf(out.shape);
    if (size === 0) return;
    const buffer = out.buffer as GpuBuffer;
    const converts = out.dtype !== x.dtype && x.dtype === 'f32';
    const { constant } = x.buffer as GpuBuffer;
    if (covers(out)) {
      if (constant !== undefined) return memory.fill(buffer, converts ? Math.trunc(constant) : constant);
      if (memory.isOnHost(x.buffer)) return memory.upload(buffer, onHost(memory, 'copy', [x], out));
      if (!converts && covers(x)) return memory.share(x.buffer, buffer);
    } else if (!isNested(out)) return onReference('copy', [x, out]);
    const [source, from] = memory.argumentsOf(x);
    const value = converts ? truncated('source[from + position]') : 'source[from + position]';
    if (covers(out)) {
      const axes: Axes = { shape: out.shape, strides: [x.strides] };
      const key = `copy:${converts}:${axesKey(axes)}`;
      const copied = device.run(key, [source, from], () => ({
        length: size,
        functions: [quotient],
        source: `function (source, from) {
          const index = this.thread.x;
          ${positionLines(axes, ['position'], 'index')}
          return ${value};
        }`,
      }));
      return memory.replace(buffer, copied);
    }
    const axes: Axes = { shape: out.shape, strides: [out.strides, x.strides] };
    const { array, at } = memory.regionOf(buffer);
    const { length } = buffer;
    const key = `copyInto:${length}:${converts}:${axesKey(axes)}`;
    const merged = device.run(key, [array, source, at, out.offset, from], () => ({
      length,
      functions: [quotient],
      source: `function (old, source, at, offset, from) {
        const behind = this.thread.x - offset;
        ${windowLines(axes, ['position'], 'behind')}
        let result = old[at + this.thread.x];
        if (inside > 0) { result = ${value}; }
        return result;
      }`,
    }));
    memory.replace(buffer, merged);
  };
}

// Toward zero; comparisons, since gpu.js has no trunc in every mode.
const truncated = (value: string): string => `(${value} < 0 ? Math.ceil(${value}) : Math.floor(${value}))`;
