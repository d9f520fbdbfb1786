import { dirname } from 'node:path';
import type { Dataset } from '@funhash/datasets';
import {
  type EpochRecord,
  isImages,
  type JudgeSpec,
  loadData,
  type RunOptions,
  type RunResult,
  readMetrics,
} from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { grouped, percent } from '../terminal/output.ts';
import { calibrationSection, residualsSection, wrongRowsSection } from './answers.ts';
import { learningCurves } from './charts.ts';
import { confusionHtml } from './confusion.ts';
import { mistakesHtml, unitsHtml } from './images.ts';
import { influenceSection } from './influence.ts';
import type { Section } from './page.ts';

const told = { mistakes: 24, units: 12, confusion: true, influence: true } as const satisfies JudgeSpec;

interface Kept {
  /** Undefined where the run has none. */
  data?: Dataset;
  model: Uint8Array;
}

/**
 * Options of a run on which a report is made, and what they keep of it: the samples, and the bytes of the model.
 *
 * @param known samples that are loaded already
 */
export function forReport(known?: Dataset) {
  const kept: Kept = { model: new Uint8Array() };
  const options = {
    alsoTell: told,
    load: async (spec) => {
      kept.data = known ?? (await loadData(spec));
      return kept.data;
    },
    onModel: (bytes) => {
      kept.model = bytes;
    },
  } as const satisfies RunOptions;
  return { kept, options };
}

/** A result without what a report alone shows. */
export function withoutPictures({
  mistakes: _mistakes,
  units: _units,
  confusion: _confusion,
  calibration: _calibration,
  answers: _answers,
  influence: _influence,
  ...result
}: RunResult): RunResult {
  return result;
}

/** How a model was trained, epoch by epoch; empty where nothing was. */
export function curvesSection(
  epochs: readonly EpochRecord[],
  title = 'Learning curves',
  text = '',
): Section[] {
  const charts = learningCurves(epochs);
  return charts.length === 0 ? [] : [{ title, text, charts }];
}

/** Epochs of the run in whose folder a model file lies; none where it lies elsewhere. */
export async function epochsBeside(model: string): Promise<readonly EpochRecord[]> {
  try {
    return (await readMetrics(dirname(model))).epochs;
  } catch (error) {
    // What lies there may be anybody's: a report needs none of it.
    if (error instanceof FunhashError) return [];
    throw error;
  }
}

/** What a model says of the test images: the confusion matrix, its first weights, its mistakes. */
export function testSections(result: RunResult, data: Dataset | undefined, of: string): Section[] {
  const { testError, confusion, mistakes, units, influence } = result;
  if (!data || testError === undefined) return [];
  if (data.classes === undefined)
    return [...residualsSection(result, data), ...influenceSection(influence, data, of)];
  const images = isImages(data) ? data : undefined;
  const unitPictures = images ? unitsHtml(units ?? [], images, of) : '';
  const wrong = grouped(Math.round(testError * data.test.count));
  return [
    {
      title: 'Confusion',
      text: `The ${grouped(data.test.count)} test ${images ? 'images' : 'samples'} by their class and by what the model says; ${percent([testError])} % are wrong.`,
      html: confusionHtml(confusion ?? [], of, data.classNames),
    },
    ...calibrationSection(result.calibration),
    ...(unitPictures === ''
      ? []
      : [
          {
            title: 'What the hidden units look for',
            text: 'Virtual weights of the first hidden units, decoded from the stored values: red above zero, blue below.',
            html: unitPictures,
          },
        ]),
    ...(images && mistakes && mistakes.length > 0
      ? [
          {
            title: 'Mistakes',
            text: `Of ${wrong} wrong ones those with the most confidence: label → prediction.`,
            html: mistakesHtml(mistakes, images, of),
          },
        ]
      : wrongRowsSection(mistakes, data)),
    ...influenceSection(influence, data, of),
  ];
}
