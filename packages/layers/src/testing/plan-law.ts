import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import {
  type BoundPlan,
  bindPlan,
  isFloat,
  type Plan,
  PlanRecording,
  planFromJson,
  planToJson,
  recordedWords,
  scope,
  type Tensor,
  withConstantsFirst,
  withoutCopies,
  withoutDeadCalls,
} from '@funhash/tensor';
import type { Module } from '../module.ts';
import { StagedBuffers } from '../staged-buffers.ts';
import { fail, type Subject } from './law-subject.ts';

type Outputs = Readonly<Record<string, Tensor>>;

/** A plan of what a layer does gives the same bits as the layer, for inputs and words that it was not recorded with. */
export async function checkPlans(subject: Subject): Promise<void> {
  const layer = subject.used();
  const [first, second] = [subject.x(), subject.x(undefined, undefined, 77)];
  const bodies: readonly ((x: Tensor, word: number) => [Outputs, readonly number[]])[] = [
    (x) => [{ y: layer.forward(x) }, []],
    (x, seed) => trainingPass(layer, x, seed),
  ];
  for (const body of bodies) {
    const bound = scope(() => {
      const recording = new PlanRecording({ inputs: { x: first } });
      const [outputs, words] = recording.part(() => body(first, 1));
      const recorded = recording.finish(outputs, words);
      const { parts } = recorded.plan;
      return parts === 1
        ? bindPlan(recorded.with(passed(throughText(recorded.plan))))
        : fail('a plan', 'one part', String(parts));
    });
    try {
      const [expected, words] = body(second, 2);
      bound.set('x', second.dataSync());
      bound.setWords(words);
      for (let k = 0; k < 2; k++) {
        // What depends on no input has run already.
        bound.run(k === 0 ? undefined : 1);
        for (const [name, tensor] of Object.entries(expected)) await requireBits(bound, name, tensor);
      }
    } finally {
      bound.dispose();
    }
  }
}

/** A plan after all passes. */
function passed(plan: Plan): Plan {
  return withConstantsFirst(withoutDeadCalls(withoutCopies(plan)));
}

/** A plan as somebody reads it who was given it as text. */
function throughText(plan: Plan): Plan {
  return planFromJson(JSON.parse(JSON.stringify(planToJson(plan))));
}

function trainingPass(layer: Module, x: Tensor, seed: number): [Outputs, readonly number[]] {
  const staged = new StagedBuffers();
  const { random: source, words } = recordedWords(random(seed));
  const parameters = [...layer.namedParameters()].filter(([, { value }]) => isFloat(value.dtype));
  const wrt = [...(isFloat(x.dtype) ? [x] : []), ...parameters.map(([, { value }]) => value)];
  let y: Tensor | undefined;
  const loss = (): Tensor => {
    y = layer.forward(x, { training: true, random: source, staged });
    return sum(multiply(y, y));
  };
  const gradients = wrt.length > 0 ? gradientsOf(loss, wrt)[1] : [];
  if (wrt.length === 0) y = layer.forward(x, { training: true, random: source, staged });
  const outputs = {
    y: y as Tensor,
    ...Object.fromEntries(gradients.map((gradient, k) => [`gradient ${k}`, gradient])),
    ...Object.fromEntries([...staged.contents].map(([buffer, value]) => [`buffer ${buffer.name}`, value])),
  };
  return [
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, value.contiguous()])),
    words,
  ];
}

async function requireBits(bound: BoundPlan, name: string, expected: Tensor): Promise<void> {
  const [found, right] = [await bound.read(name), expected.dataSync()];
  if (found.length !== right.length)
    fail(`${name} of a plan`, `${right.length} values`, String(found.length));
  const at = right.findIndex((value, k) => !Object.is(value, found[k]));
  if (at >= 0) fail(`${name} of a plan`, `${right[at]} at ${at}`, String(found[at]));
}
