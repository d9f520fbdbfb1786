/**
 * A path below the folder that the environment variable FUNHASH_DATA names; undefined where it names none. Node only.
 */
export async function inDataFolder(...names: readonly string[]): Promise<string | undefined> {
  const { join } = await import('node:path');
  const { env } = await import('node:process');
  return env.FUNHASH_DATA ? join(env.FUNHASH_DATA, ...names) : undefined;
}
