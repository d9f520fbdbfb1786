import {
  allocateArray,
  BackendError,
  type DeviceBuffer,
  type DType,
  isContiguous,
  sizeOf,
  type TypedArray,
  type View,
} from '@funhash/tensor';
import { type Device, type DeviceArray, type Elements, longest } from './device.ts';

/**
 * What backend buffers are on a device: elements in an array that is never written, replaced by another array when a
 * kernel writes the buffer. Buffers of i32 and u8 hold whole numbers in f32; those of f64 stay on the host, where the
 * reference works on them.
 *
 * What was uploaded stays on the host until a kernel needs it, and indices stay there beside their array, so that a
 * kernel can refuse bad ones without reading back. A buffer of one value needs no array until a kernel reads it.
 */
export class GpuBuffer implements DeviceBuffer {
  readonly dtype: DType;
  readonly length: number;
  /** The elements, where the host knows them. */
  host: TypedArray | undefined;
  /** The value of every element, where that is all there is to know. */
  constant: number | undefined;
  region: Region | undefined;
  /** Packed signs: each word as two halves of 16 bits, the low one first. */
  halves: DeviceArray | undefined;
  /** Launches that took the elements up with them. */
  launches = 0;

  constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
    if (dtype === 'f64') this.host = new Float64Array(length);
    else this.constant = 0;
  }
}

const fewElements = 4096;
const fewLaunches = 2;

/** Neighbouring elements of an array, from `at` on: a buffer may be one of several results of a pass. */
export interface Region {
  readonly array: DeviceArray;
  readonly at: number;
}

/** Moves elements between buffers, the host and the device. */
export class Memory {
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
  }

  upload(buffer: GpuBuffer, values: TypedArray): void {
    if (buffer.length > longest && buffer.dtype !== 'f64')
      throw new BackendError({
        operation: 'upload',
        expected: `at most ${longest} elements in a tensor on the GPU`,
        actual: String(buffer.length),
        remedy: 'Upload batches, or use the backend wasm.',
      });
    this.forget(buffer);
    buffer.host = values.slice() as TypedArray;
  }

  /** Frees the contents. */
  forget(buffer: GpuBuffer): void {
    buffer.launches = 0;
    buffer.region?.array.release();
    buffer.region = undefined;
    buffer.halves?.release();
    buffer.halves = undefined;
    buffer.host = undefined;
    buffer.constant = undefined;
  }

  /** The place of the elements of a buffer on the device; uploads them if they are not there yet. */
  regionOf(buffer: DeviceBuffer): Region {
    const known = buffer as GpuBuffer;
    known.region ??= { array: this.#onDevice(known), at: 0 };
    known.constant = undefined;
    if (known.dtype === 'f32') known.host = undefined;
    return known.region;
  }

  /**
   * The view as kernel arguments: the elements and the position of element 0 in them, to which strides are added.
   * Labels and the like, few elements for one or two kernels, go up with the launch and take no pass of their own.
   */
  argumentsOf({ buffer, offset }: View): [Elements, number] {
    const known = buffer as GpuBuffer;
    const { host, region, length, dtype } = known;
    if (host && !region && length <= fewElements && known.launches++ < fewLaunches)
      return [host instanceof Float32Array ? host : exact(host, dtype), offset];
    const { array, at } = this.regionOf(buffer);
    return [array, at + offset];
  }

  /** Packed signs as halves, uploaded if they are not there yet. Of buffers with elements. */
  halvesOf(buffer: DeviceBuffer): DeviceArray {
    const known = buffer as GpuBuffer;
    if (!known.halves) {
      const words = this.hostOf(known);
      const halves = Float32Array.from({ length: 2 * words.length }, (_, at) => {
        const word = words[at >>> 1] as number;
        return at % 2 === 0 ? word & 0xffff : word >>> 16;
      });
      known.halves = this.#device.upload(halves);
    }
    return known.halves;
  }

  /** Makes halves the contents of a buffer of packed signs, and the buffer their owner. */
  storeHalves(buffer: DeviceBuffer, halves: DeviceArray): void {
    this.forget(buffer as GpuBuffer);
    (buffer as GpuBuffer).halves = halves;
  }

  #onDevice(known: GpuBuffer): DeviceArray {
    const { constant = 0, dtype, length } = known;
    const host = known.halves ? this.hostOf(known) : known.host;
    if (host) return this.#device.upload(host instanceof Float32Array ? host : exact(host, dtype));
    return this.#device.run(`constant:${length}`, [constant], () => ({
      length,
      source: 'function (value) { return value; }',
    }));
  }

  /** The elements, read back where only the device has them: then what ran before is waited for. */
  hostOf(buffer: DeviceBuffer): TypedArray {
    const { host, constant, region, halves, dtype, length } = buffer as GpuBuffer;
    if (host) return host;
    const values = allocateArray(dtype, length);
    if (halves) {
      const read = this.#device.read(halves);
      for (let at = 0; at < length; at++)
        values[at] = (read[2 * at] as number) | ((read[2 * at + 1] as number) << 16);
    } else if (constant !== undefined) values.fill(constant);
    else if (region) values.set(this.#device.read(region.array).subarray(region.at, region.at + length));
    return values;
  }

  /** True where the host has the elements and the device has not. */
  isOnHost(buffer: DeviceBuffer): boolean {
    return (buffer as GpuBuffer).region === undefined;
  }

  /** The elements as a live array of the host, which the device gets again when a kernel needs them. */
  moveToHost(buffer: DeviceBuffer): TypedArray {
    const known = buffer as GpuBuffer;
    if (known.host && !known.region && !known.halves) return known.host;
    const values = this.hostOf(known);
    this.forget(known);
    known.host = values;
    return values;
  }

  fill(buffer: GpuBuffer, value: number): void {
    this.forget(buffer);
    buffer.constant = value;
  }

  /** Makes all elements of a contiguous view one value. */
  storeConstant(out: View, value: number): void {
    if (covers(out)) this.fill(out.buffer as GpuBuffer, value);
    else this.store(out, this.#device.upload(new Float32Array(sizeOf(out.shape)).fill(value)));
  }

  /** Gives a buffer the contents of another of its dtype and length. */
  share(from: DeviceBuffer, to: GpuBuffer): void {
    if (from === to) return;
    const { halves } = from as GpuBuffer;
    if (halves) {
      this.storeHalves(to, halves.retain());
      return;
    }
    const { array, at } = this.regionOf(from);
    const { host } = from as GpuBuffer;
    this.replace(to, array.retain(), at);
    to.host = host;
  }

  /** Makes elements of an array the contents of a buffer, and the buffer one of its owners. */
  replace(buffer: DeviceBuffer, array: DeviceArray, at = 0): void {
    this.forget(buffer as GpuBuffer);
    (buffer as GpuBuffer).region = { array, at };
  }

  /** Makes elements of an array the contents of a contiguous view: see `replace`. */
  store(out: View, array: DeviceArray, at = 0): void {
    if (covers(out)) {
      this.replace(out.buffer, array, at);
      return;
    }
    const { buffer, offset } = out;
    const { length } = buffer;
    const size = sizeOf(out.shape);
    const old = this.regionOf(buffer);
    const args = [old.array, array, old.at, at, offset];
    const merged = this.#device.run(`store:${length}:${size}`, args, () => ({
      length,
      source: `function (old, a, oldAt, at, offset) {
        const k = this.thread.x - offset;
        let result = old[oldAt + this.thread.x];
        if (k >= 0 && k < ${size}) { result = a[at + k]; }
        return result;
      }`,
    }));
    array.release();
    this.replace(buffer, merged);
  }
}

/** True where a view is all of its buffer, in order. */
export function covers({ shape, strides, offset, buffer }: View): boolean {
  return offset === 0 && sizeOf(shape) === buffer.length && isContiguous(shape, strides);
}

/** The fields of a view, which may be accessors. */
export function viewOf({ buffer, dtype, shape, strides, offset }: View): View {
  return { buffer, dtype, shape, strides, offset };
}

function exact(values: TypedArray, dtype: DType): Float32Array {
  const bad = values.find((value) => Math.abs(value) > longest);
  if (bad !== undefined)
    throw new BackendError({
      operation: 'upload',
      expected: `${dtype} values up to ${longest} on the GPU`,
      actual: String(bad),
      remedy: 'Use the backend wasm.',
    });
  return Float32Array.from(values);
}
