import { ArgumentError } from '@funhash/hashing';
import { bindOptimizer } from './bind-optimizer.ts';
import type { Optimizer, OptimizerOptions, OptimizerRule, RuleOptions } from './optimizer.ts';

/** Makes an optimiser of a rule: `export const adam = defineOptimizer({ … })`. */
export function defineOptimizer<O extends RuleOptions, S extends string, H extends string>(
  rule: OptimizerRule<O, S, H>,
): (options?: OptimizerOptions & Partial<O>) => Optimizer {
  return (options = {}) => {
    checkOptions(rule, options);
    const own = Object.keys(rule.options).map((key) => [
      key,
      (options as Partial<O>)[key] ?? rule.options[key],
    ]);
    const resolved = {
      ...options,
      learningRate: options.learningRate ?? rule.learningRate,
      weightDecay: options.weightDecay ?? rule.weightDecay ?? 0,
      ...(Object.fromEntries(own) as O),
    };
    return {
      rule: rule.name,
      options: resolved,
      create: (parameters, length = {}) => bindOptimizer(rule, resolved, parameters, length),
    };
  };
}

const common = ['learningRate', 'relativeStep', 'weightDecay', 'noDecay', 'clipNorm', 'clipValue'];

function checkOptions(
  rule: { readonly name: string; readonly options: RuleOptions },
  options: OptimizerOptions,
): void {
  const refuse = (expected: string, actual: string, remedy?: string): never => {
    throw new ArgumentError({ operation: rule.name, expected, actual, ...(remedy && { remedy }) });
  };
  const known = [...common, ...Object.keys(rule.options)];
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) refuse(`options among ${known.join(', ')}`, key);
    const kind = typeof (rule.options[key] ?? (key === 'relativeStep' ? false : 0));
    if (value === undefined || key === 'noDecay' || (key === 'learningRate' && typeof value === 'function'))
      continue;
    const right = kind === 'boolean' ? typeof value === 'boolean' : Number.isFinite(value) && value >= 0;
    if (!right) refuse(`${key}: ${kind === 'boolean' ? 'true or false' : 'a number ≥ 0'}`, String(value));
  }
  if (options.relativeStep && options.learningRate === undefined)
    refuse(
      'a learningRate with relativeStep',
      'none',
      'In units of the tensors’ scales 0.27 suits hashed values, 0.1 dense and contracted weights (Adam).',
    );
}
