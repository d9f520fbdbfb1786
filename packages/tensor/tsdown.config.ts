import { library } from '../../tools/library.ts';

export default library(['src/index.ts', 'src/plan-parts.ts', 'src/testing.ts']);
