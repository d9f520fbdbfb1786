import { isKnown } from '../value.ts';
import type { Rule } from './context.ts';
import { convolutionRules } from './convolutions.ts';
import { normalizationRules } from './normalization.ts';
import { partRules } from './parts.ts';
import { pointwiseRules } from './pointwise.ts';
import { poolRules } from './pools.ts';
import { embedding, productRules } from './products.ts';
import { recurrentRules } from './recurrent.ts';
import { reduceRules } from './reduce.ts';
import { resizeRules } from './resize.ts';
import { shapeRules } from './shape.ts';

const gather: Rule = (node, inputs, context) => {
  const [data, places] = inputs;
  const isTable = data && isKnown(data) && places && !isKnown(places);
  return (isTable ? embedding : (partRules.Gather as Rule))(node, inputs, context);
};

/** What becomes of each op of ONNX. */
export const rules: Readonly<Record<string, Rule>> = {
  ...pointwiseRules,
  ...shapeRules,
  ...reduceRules,
  ...productRules,
  ...partRules,
  ...convolutionRules,
  ...poolRules,
  ...normalizationRules,
  ...recurrentRules,
  ...resizeRules,
  Gather: gather,
};
