import { program } from '../../tools/library.ts';

export default program({ index: 'src/index.ts', 'run.worker': 'src/executors/run.worker.ts' });
