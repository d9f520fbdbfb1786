import { storageFields, storageNames } from '@funhash/experiments';
import type { Settings } from './config.ts';

/** How a command writes its model file. */
export const storageSettings = {
  storeAs: {
    flag: '--store-as <format>',
    help: `how the model file stores values, biases and running statistics as f16 at least: ${storageNames.join(', ')}`,
    rule: storageFields.storeAs,
  },
  compress: {
    flag: '--compress',
    help: 'gzip the model file',
    rule: storageFields.compress,
  },
} as const satisfies Settings;
