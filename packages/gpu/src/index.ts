export { createBackend, type GpuBackend } from './backend.ts';
export type { DeviceCounters } from './device.ts';
export type { GpuMode } from './gpu-js.ts';
