import { library } from '../../tools/library.ts';

export default library(['src/index.ts', 'src/bin.ts', 'src/search/search.worker.ts'], 'node');
