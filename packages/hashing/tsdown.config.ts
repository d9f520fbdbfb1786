import { library } from '../../tools/library.ts';

export default library(['src/index.ts', 'src/node.ts', 'src/streams.ts', 'src/testing.ts']);
