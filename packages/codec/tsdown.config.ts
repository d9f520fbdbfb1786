import { library } from '../../tools/library.ts';

export default library(
  [
    'src/index.ts',
    'src/read.ts',
    'src/write.ts',
    'src/coder.ts',
    'src/pack.ts',
    'src/unpack.ts',
    'src/update.ts',
    'src/testing.ts',
  ],
  ['src/unpack.ts'],
);
