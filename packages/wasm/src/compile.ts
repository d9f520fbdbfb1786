// Plans compiled ahead of time.
export { type CompiledArray, type CompiledPlan, compilePlan } from './bound/compile-plan.ts';
