import { library } from '../../tools/library.ts';

export default library(
  ['src/index.ts', 'src/tables.ts', 'src/batches.worker.ts', 'src/here.ts', 'src/nowhere.ts'],
  ['src/batches.worker.ts'],
);
