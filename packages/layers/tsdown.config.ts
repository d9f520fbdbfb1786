import { library } from '../../tools/library.ts';

export default library(
  [
    'src/index.ts',
    'src/compile.ts',
    'src/predict.ts',
    'src/binary.ts',
    'src/testing.ts',
    'src/default-backend.ts',
    'src/no-default-backend.ts',
  ],
  ['src/predict.ts'],
);
