import { library } from '../../tools/library.ts';

export default library(['src/index.ts', 'src/byte-budget.ts', 'src/testing.ts']);
