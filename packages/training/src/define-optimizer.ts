import { ArgumentError, checkArgument, checkOptions, type OptionRules, option } from '@funhash/hashing';
import { bindOptimizer } from './bind-optimizer.ts';
import {
  type Optimizer,
  type OptimizerMaker,
  type OptimizerOptions,
  type OptimizerRule,
  optimizerRules,
  type RuleOptions,
} from './optimizer.ts';

const ruleRule = option.that<object>('{ name, options, slots, hyper, update, … }', (value) => {
  const { name, options, slots, hyper, update } = (value ?? {}) as Record<string, unknown>;
  const areFunctions = [slots, hyper, update].every((part) => typeof part === 'function');
  return typeof name === 'string' && typeof options === 'object' && options !== null && areFunctions;
});

/**
 * Makes an optimiser of a rule: `export const adam = defineOptimizer({ … })`.
 *
 * @throws ArgumentError for what is no rule
 */
export function defineOptimizer<O extends RuleOptions, S extends string, H extends string>(
  rule: OptimizerRule<O, S, H>,
): OptimizerMaker<O> {
  checkArgument('defineOptimizer', 'rule', ruleRule, rule);
  const rules = { ...optimizerRules, ...rulesOf(rule.options) };
  const make = (options: OptimizerOptions & Partial<O> = {}) => {
    checkOptions(rule.name, rules, options, { lr: 'did you mean learningRate?' });
    requireRate(rule.name, options);
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
    } satisfies Optimizer;
  };
  return Object.assign(make, { rule: rule.name, usual: rule.usual ?? ({} as Partial<O>) });
}

function rulesOf(defaults: RuleOptions): OptionRules {
  const rules = Object.entries(defaults).map(([name, value]) => [
    name,
    typeof value === 'boolean' ? option.flag() : option.real({ least: 0 }),
  ]);
  return Object.fromEntries(rules);
}

function requireRate(operation: string, { relativeStep, learningRate }: OptimizerOptions): void {
  if (!relativeStep || learningRate !== undefined) return;
  throw new ArgumentError({
    operation,
    expected: 'a learningRate with relativeStep',
    actual: 'none',
    remedy:
      'In units of the tensors’ scales 0.27 suits hashed values, 0.1 dense and contracted weights (Adam).',
  });
}
