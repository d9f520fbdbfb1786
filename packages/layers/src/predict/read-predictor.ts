import { compiledPredictor } from './compiled.ts';
import { plainPredictor } from './plain.ts';
import type { Predictor } from './predictor.ts';
import { type ReadPredictorOptions, readFile } from './predictor-file.ts';

/**
 * The predictor in a file: its code where the file has some and the engine takes it, else its plan, by plain script with the same
 * numbers up to rounding.
 *
 *     const predictor = await readPredictor(await (await fetch('digits.fhp')).arrayBuffer());
 *     const { shape, data } = predictor.predict(pixels);
 *
 * @throws UnpackError for a damaged file, PlanError for one that holds no predictor
 */
export async function readPredictor(
  bytes: Uint8Array | ArrayBuffer,
  options: ReadPredictorOptions = {},
): Promise<Predictor> {
  const file = readFile(bytes, options);
  if (file.head.code !== undefined)
    try {
      return await compiledPredictor(file);
    } catch (error) {
      // A policy of the page, or an engine without SIMD: what else is wrong with a file shows by its plan, too.
      if (file.head.plan === undefined) throw error;
    }
  return plainPredictor(file);
}
