export { createBackend, type GpuBackend, type GpuOptions } from './backend.ts';
export type { DeviceCounters } from './device.ts';
export type { GpuMode } from './gpu-js.ts';
