import * as models from './all-models.ts';
import type { NamedModel } from './define-model.ts';

/** All models in their published forms, by the names that commands and run specifications give them. */
export const namedModels: Readonly<Record<string, NamedModel>> = Object.assign(
  {},
  ...Object.values(models).map(({ named }) => named),
);
