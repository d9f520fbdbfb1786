import { type Checkpoint, type Progress, specText } from './checkpoint.ts';
import { CheckpointError } from './errors.ts';
import type { Metrics } from './evaluate.ts';
import type { FitSettings } from './fit-settings.ts';
import { differencesOf } from './run-description.ts';

/** A run that has not begun. */
interface OwnRun {
  readonly settings: FitSettings<Metrics>;
  readonly progress: Progress;
}

/** @throws CheckpointError for a checkpoint of another run, with all that differs */
export function requireSameRun(checkpoint: Checkpoint, own: OwnRun): void {
  const differences = differencesTo(checkpoint, own);
  if (differences.length === 0) return;
  throw new CheckpointError(
    {
      operation: 'resume',
      expected: 'the run of the checkpoint',
      actual: `another: ${differences.join('; ')}`,
      remedy:
        'Only what does not decide the steps may change, such as epochs, metrics, reports and checkpoints.',
    },
    differences,
  );
}

function differencesTo({ model, run, progress }: Checkpoint, { settings, progress: own }: OwnRun): string[] {
  const steps = run?.steps ?? undefined;
  const ownModel = specText(settings.model);
  return [
    ...(model === ownModel ? [] : [`model: ${differenceOf(model, ownModel)}`]),
    ...(['seed', 'stepsPerEpoch'] as const).flatMap((field) =>
      progress[field] === own[field]
        ? []
        : [`${field}: ${progress[field] ?? 'none'} in the checkpoint, ${own[field] ?? 'none'} here`],
    ),
    ...(run ? differencesOf(run.fields, settings.describe(steps), steps) : []),
  ];
}

/** The first place where two texts part. */
function differenceOf(wanted: string | null, given: string | null): string {
  if (wanted === null || given === null) return given === null ? 'one without a spec' : 'one with a spec';
  let at = 0;
  while (wanted[at] === given[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 30), at + 20);
  return `…${around(given)}… instead of …${around(wanted)}…`;
}
