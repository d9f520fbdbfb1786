import { program } from '../../tools/library.ts';

export default program({ index: 'src/index.ts', bin: 'src/bin.ts' });
