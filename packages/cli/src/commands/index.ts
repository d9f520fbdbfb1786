// What the command offers.

export { binarizeCommand } from './binarize.ts';
export { compareCommand } from './compare.ts';
export { compressCommand } from './compress.ts';
export { evalCommand } from './eval.ts';
export { exportCommand } from './export.ts';
export { frontierCommand } from './frontier.ts';
export { imageCommand } from './image.ts';
export { importCommand } from './import.ts';
export { inspectCommand } from './inspect.ts';
export { packCommand } from './pack.ts';
export { predictCommand } from './predict.ts';
export { rnnTestCommand } from './rnn-test.ts';
export { runsCommand } from './runs.ts';
export { schemesCommand } from './schemes.ts';
export { searchCommand } from './search.ts';
export { sweepCommand } from './sweep.ts';
export { trainCommand } from './train.ts';
export { unpackCommand } from './unpack.ts';
export { updateCommand } from './update.ts';
export { workerCommand } from './worker.ts';
