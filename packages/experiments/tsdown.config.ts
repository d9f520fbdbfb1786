import { library } from '../../tools/library.ts';

export default library(['src/index.ts', 'src/executors/run.worker.ts'], 'node');
