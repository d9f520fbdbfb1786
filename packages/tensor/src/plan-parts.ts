// What runs plans in other ways than `bindPlan` is made of: arguments are not checked.

export { checkViews } from './plan/check-views.ts';
export { sharedLayout } from './plan/layout.ts';
export { planWith } from './plan/plan-json.ts';
export { resolvedCalls, type Site, viewAt } from './plan/resolve.ts';
export { forwardKernels } from './reference/forward-kernels.ts';
