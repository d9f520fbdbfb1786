import { library } from '../../tools/library.ts';

export default library(['src/index.ts', 'src/compile.ts', 'src/single.ts']);
