import { Device } from './device.ts';
import type { GpuMode } from './gpu-js.ts';

/** For specs: the modes that start on this machine. */
export const testedModes: readonly GpuMode[] = await startable(['cpu', 'headlessgl', 'webgl2']);

async function startable(modes: readonly GpuMode[]): Promise<GpuMode[]> {
  const found: GpuMode[] = [];
  for (const mode of modes)
    try {
      await (await Device.start(mode)).close();
      found.push(mode);
    } catch {
      // Not here.
    }
  return found;
}
