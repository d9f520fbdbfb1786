import { nodeModule } from '@funhash/hashing/node';

/**
 * A path below the folder that the environment variable FUNHASH_DATA names; undefined where it names none. Node only.
 */
export async function inDataFolder(...names: readonly string[]): Promise<string | undefined> {
  const { join } = nodeModule('node:path');
  const { env } = nodeModule('node:process');
  return env.FUNHASH_DATA ? join(env.FUNHASH_DATA, ...names) : undefined;
}
