// Writing files for pages that only predict; what they load is `@funhash/layers/predict`.

export { type PredictorOptions, predictorFile } from './predict/predictor-file-of.ts';
