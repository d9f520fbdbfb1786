import { nodeModule } from '@funhash/hashing/node';
import { here } from '#here';
import { DataAbsentError } from './errors.ts';

/**
 * The folder of an npm package with data, looked for from this package, then from the working directory. The package is
 * only located, never run. Node only.
 *
 * @throws DataAbsentError where it is not installed, with the remedy
 */
export async function packageFolder(operation: string, name: string, remedy: string): Promise<string> {
  const { createRequire } = nodeModule('node:module');
  const { dirname, join } = nodeModule('node:path');
  const { cwd } = nodeModule('node:process');
  const places = [here, join(cwd(), 'package.json')].filter((place) => place !== undefined);
  for (const from of places) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not installed where `from` looks; the next place may have it.
    }
  }
  throw new DataAbsentError({
    operation,
    expected: `the npm package ${name}`,
    actual: 'no such package',
    remedy,
  });
}
