import type { ByteSource } from '@funhash/codec';
import { storageFormats } from '@funhash/codec';
import type { Dataset, Samples } from '@funhash/datasets';
import { quoted } from '@funhash/hashing';
import { load, type Module } from '@funhash/layers';
import { packedLayers, toBinary } from '@funhash/layers/binary';
import { DivergedError, type FitEvent, fit, type Loss, type Metric } from '@funhash/training';
import { byteBudget } from '@funhash/training/byte-budget';
import { loadData, requireFit } from '../data/load-data.ts';
import { drawSplits } from '../data/split-counts.ts';
import { SpecError } from '../errors.ts';
import { readTextIfThere, sizeIfThere } from '../files/read-text.ts';
import {
  isFromFile,
  type JudgeSpec,
  type RunRequest,
  type RunSpec,
  readSpec,
  runSpec,
  specHash,
} from '../spec/run-spec.ts';
import { requireSameRun } from '../spec/same-run.ts';
import { imagePrints, requireSameImages } from '../store/image-prints.ts';
import { keepMetricsUntil } from '../store/metrics.ts';
import { type RunFolder, runFiles } from '../store/run-folder.ts';
import { chooseBackend } from '../training/backend.ts';
import { losses } from '../training/losses.ts';
import { optimizerOf } from '../training/optimizer.ts';
import { storageOf } from '../training/storage.ts';
import { comparePacked, errorOf, judge } from './judge.ts';
import { lossFor, type MadeNet, netFromFile, newNet, refitted, trainedOn } from './net-of.ts';
import type { FittedEvent, NoticeEvent, RunEvent, RunResult } from './run-event.ts';
import { type Teacher, teacherOf } from './teacher.ts';
import { trainingData } from './training-data.ts';

/** How a run is carried out: nothing of it changes what the run comes to. */
export interface RunOptions {
  /** Ends training after the step under way; with a folder, a checkpoint is saved, from which the run goes on. */
  readonly signal?: AbortSignal;
  /**
   * Claims the folder of the run: called when everything is checked and the net is built, never before. A run whose
   * folder has a checkpoint goes on from it. Default: nothing is written.
   */
  readonly folder?: () => Promise<RunFolder>;
  /** JSON files of the folder besides those of a run: written with the spec, once nothing can be refused any more. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** A checkpoint to go on from, in place of that in the folder. */
  readonly resume?: ByteSource;
  /** Gives the samples that a spec names. Default: loads them. */
  readonly load?: (data: NonNullable<RunSpec['data']>) => Promise<Dataset>;
  /** Takes the model file. */
  readonly onModel?: (bytes: Uint8Array) => void;
  /** Threads of the wasm backend. Default 1. */
  readonly threads?: number;
  /** Whether changed images are prepared in a thread of their own. */
  readonly loaderThread?: boolean;
  /** What the result tells of the test images besides what the spec asks; it is not kept in the folder. */
  readonly alsoTell?: Partial<JudgeSpec>;
  /** Steps between events of steps. Default 5. */
  readonly reportEverySteps?: number;
}

type Fitted = FitEvent<{ errorRate: Metric }>;

/**
 * Carries out a run: loads its data, builds its net, trains, judges and stores it. The one place that trains.
 *
 *     for await (const event of runTraining({ data: { name: 'mnist' }, net: { weights: 'funHash:1/64' } }))
 *       if (event.type === 'epoch') console.log(event.validation?.errorRate);
 *
 * Equal specs give equal bits on one backend, also where a run was killed and went on from its folder. Events are JSON.
 *
 * @throws SpecError, ArgumentError, CheckpointError, data and file errors for a run that cannot be, or is not the one in
 * the folder; nothing was written then
 */
export async function* runTraining(
  request: RunRequest,
  options: RunOptions = {},
): AsyncGenerator<RunEvent, void, void> {
  const spec = runSpec(request);
  const backend = await chooseBackend(spec.backend, options.threads);
  const samples = spec.data && (await (options.load ?? loadData)(spec.data));
  const fresh = await makeNet(spec, samples);
  const { bytes: most } = spec.storage;
  const budget = most === undefined ? undefined : await byteBudget(fresh.net, { bytes: most });
  const made = budget ? { ...fresh, net: budget.model } : fresh;
  const splits =
    spec.data && samples && spec.epochs > 0
      ? drawSplits(samples.train, spec.data, spec.seed, samples)
      : undefined;
  const loss = losses[spec.loss ?? made.loss] as Loss;
  for (const message of made.notices) yield { type: 'notice', message };
  if (made.fitted) yield made.fitted;

  const folder = await options.folder?.();
  try {
    const prints = folder && splits && imagePrints(splits);
    if (folder) {
      requireSameRun(await specIn(folder), spec);
      if (prints) await requireSameImages(folder, prints);
    }
    const summary = made.net.summary();
    const start = {
      type: 'start' as const,
      hash: specHash(spec),
      folder: folder?.path ?? null,
      backend,
      data: samples && {
        name: samples.name,
        train: splits?.train.count ?? 0,
        validation: splits?.validation.count ?? 0,
        test: samples.test.count,
      },
      net: { summary: { rows: summary.rows, total: summary.total }, storedCount: summary.total.storedCount },
      epochs: spec.epochs,
    };
    if (splits && samples) {
      const data = await trainingData(splits.train, samples, { ...spec.augment, ...spec, ...options });
      let teacher: Teacher | undefined;
      try {
        teacher = spec.teacher && (await teacherOf(spec.teacher, samples, spec.loss ?? made.loss));
        const events = fit({
          model: made.net,
          ...data.fields,
          ...(teacher && { data: await teacher.taught(data.fields.data) }),
          validation: splits.validation,
          loss,
          epochs: spec.epochs,
          batchSize: spec.batchSize,
          accumulate: spec.accumulate,
          ...(spec.average !== undefined && { average: { decay: spec.average } }),
          ...(spec.freeze && { freeze: spec.freeze }),
          metrics: { errorRate: errorOf(samples) },
          seed: spec.seed,
          reportEverySteps: options.reportEverySteps ?? 5,
          ...(budget && { penalty: budget.penalty }),
          ...(options.signal && { signal: options.signal }),
          ...(folder && { checkpoint: { path: folder.file(runFiles.checkpoint) } }),
          ...(await resumption(options, folder)),
          ...optimizerOf(stepsOf(spec, made), spec.schedule),
        });
        for await (const event of events) {
          if (event.type === 'start') {
            yield* begin(spec, event, folder, { [runFiles.images]: prints, ...options.files });
            yield { ...start, epoch: event.epoch, step: event.step, steps: event.steps ?? 0 };
            continue;
          }
          const told = toldOf(event);
          if (told?.type === 'epoch') {
            const { type: _, ...record } = told;
            await folder?.append(runFiles.metrics, record);
          }
          if (told) yield told;
          if (told?.type === 'end' && told.reason !== 'finished') return;
        }
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error;
        const { epoch, step } = error.divergence;
        await folder?.append(runFiles.metrics, { diverged: error.message });
        yield { type: 'end', reason: 'diverged', epoch, step, seconds: 0, message: error.message };
        return;
      } finally {
        teacher?.dispose();
        await data.close();
      }
    } else {
      yield* begin(spec, { epoch: 0, step: 0 }, folder, options.files);
      yield { ...start, epoch: 0, step: 0, steps: 0 };
      yield { type: 'end', reason: 'finished', epoch: 0, step: 0, seconds: 0 };
    }

    const small = await budget?.finish();
    const { result, bytes } = await resultOf(
      { ...spec, judge: spec.judge && { ...spec.judge, ...options.alsoTell } },
      made.net,
      samples,
      loss,
      folder !== undefined || options.onModel !== undefined,
      splits?.validation,
      small,
    );
    if (bytes) {
      await folder?.write(runFiles.model, bytes);
      options.onModel?.(bytes);
    }
    await folder?.writeJson(runFiles.result, asked(result, spec.judge));
    yield { type: 'result', result };
  } finally {
    await folder?.release();
  }
}

/** The run that a folder has; undefined where it has none. */
async function specIn(folder: RunFolder): Promise<RunSpec | undefined> {
  const path = folder.file(runFiles.spec);
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : readSpec(text, path);
}

/** Writes what a run begins with: everything is checked. */
async function* begin(
  spec: RunSpec,
  { epoch, step }: { readonly epoch: number; readonly step: number },
  folder: RunFolder | undefined,
  files: Readonly<Record<string, unknown>> = {},
): AsyncGenerator<NoticeEvent, void, void> {
  if (epoch > spec.epochs)
    throw new SpecError({
      operation: 'resume',
      expected: `at least ${epoch} epochs, which are done or begun`,
      actual: String(spec.epochs),
    });
  if (!folder) return;
  const torn = await keepMetricsUntil(folder, step);
  await folder.writeJson(runFiles.spec, spec);
  for (const [name, value] of Object.entries(files)) await folder.writeJson(name, value);
  if (torn !== undefined)
    yield {
      type: 'notice',
      message: `The last line of ${folder.file(runFiles.metrics)} was cut short, and is dropped: ${quoted(torn)}`,
    };
}

const justTheError = { mistakes: 0, units: 0, confusion: false, influence: false };

/** The net of a spec, with its weights fitted where the spec says so. */
async function makeNet(
  spec: RunSpec,
  data: Dataset | null,
): Promise<MadeNet & { readonly fitted?: FittedEvent }> {
  const { net: own } = spec;
  // A spec without data has its net from a file.
  if (!isFromFile(own)) return newNet(spec, own, data as Dataset);
  const net = await netFromFile(spec, own);
  if (data) requireFit(net, data);
  const testErrorOf = async (model: Module): Promise<number | null> => {
    if (!spec.judge || !data) return null;
    const { testError } = await judge(model, data, losses[lossFor(data)] as Loss, justTheError);
    return testError as number;
  };
  if (own.weights === undefined) return trainedOn(spec, net, data);
  const before = await testErrorOf(net);
  const begun = performance.now();
  const { model, report, notices } = await refitted(spec, own, net);
  const seconds = (performance.now() - begun) / 1000;
  const fitted = report.weights.length > 0 ? await testErrorOf(model) : null;
  const plain = JSON.parse(JSON.stringify(report)) as FittedEvent['report'];
  return {
    ...trainedOn(spec, model, data),
    notices,
    fitted: { type: 'fitted', report: plain, before, fitted, seconds },
  };
}

/** A result with what a spec asks of it. */
function asked(
  { mistakes, units, confusion, calibration, answers, influence, ...result }: RunResult,
  judge: JudgeSpec | null,
): RunResult {
  return {
    ...result,
    ...(judge?.confusion && {
      ...(confusion && { confusion }),
      ...(calibration && { calibration }),
      ...(answers && { answers }),
    }),
    ...(judge?.influence && influence && { influence }),
    ...(judge?.mistakes && mistakes && { mistakes: mistakes.slice(0, judge.mistakes) }),
    ...(judge?.units && units && { units: units.slice(0, judge.units) }),
  };
}

function stepsOf({ optimizer }: RunSpec, { learningRate, relativeStep }: MadeNet): RunSpec['optimizer'] {
  return { ...optimizer, learningRate, relativeStep };
}

async function resumption(
  { resume }: RunOptions,
  folder: RunFolder | undefined,
): Promise<{ readonly resume?: ByteSource }> {
  if (resume !== undefined) return { resume };
  const path = folder?.file(runFiles.checkpoint);
  return path !== undefined && (await sizeIfThere(path)) !== undefined ? { resume: path } : {};
}

/** An event of `fit` as JSON; undefined for one that runs do not have. */
function toldOf(
  event: Exclude<Fitted, { type: 'start' }>,
): Exclude<RunEvent, { type: 'start' | 'fitted' | 'notice' | 'result' }> | undefined {
  if (event.type === 'step') return event;
  if (event.type === 'checkpoint') return { type: 'checkpoint', epoch: event.epoch, step: event.step };
  if (event.type === 'epoch') {
    const { epoch, step, loss, learningRate, seconds, validation } = event;
    return { type: 'epoch', epoch, step, loss, learningRate, seconds, validation: validation ?? null };
  }
  if (event.type !== 'end') return undefined;
  const { epoch, step, seconds, reason } = event;
  return { type: 'end', reason: reason === 'aborted' ? 'aborted' : 'finished', epoch, step, seconds };
}

async function resultOf(
  { storage, judge: own }: RunSpec,
  net: Module,
  data: Dataset | null,
  loss: Loss,
  isKept: boolean,
  validation?: Samples,
  small?: Uint8Array,
): Promise<{ readonly result: RunResult; readonly bytes?: Uint8Array }> {
  const judged = own && data && (await judge(net, data, loss, own));
  const { storedCount, storedBytes } = net.summary().total;
  const result = { ...judged, storedCount, storedBytes };
  if (!isKept) return { result };
  const stored = storage.pack ? await toBinary(net) : net;
  const packed = storage.pack && own && data ? { packed: await comparePacked(net, stored, data.test) } : {};
  const { storeAs, compress } = storage;
  const bytes = small ?? (await stored.toBytes({ storeAs: storageOf(storeAs, stored), compress }));
  // The file then holds the very bits that were just judged.
  const isExact = storage.bytes === undefined && storageFormats[storage.storeAs].lossless;
  const asIs = isExact ? judged?.testError : undefined;
  const fromFile = async (test: Samples | undefined): Promise<number | undefined> => {
    if (!data || !test || test.count === 0) return undefined;
    const loaded = await load(bytes, { layers: packedLayers });
    return (await judge(loaded, { ...data, test }, loss, justTheError)).testError;
  };
  const fileTestError = asIs ?? (await fromFile(judged ? data?.test : undefined));
  const fileValidationError = isExact ? undefined : await fromFile(validation);
  return {
    result: {
      ...result,
      ...packed,
      fileBytes: bytes.length,
      ...(fileTestError !== undefined && { fileTestError }),
      ...(fileValidationError !== undefined && { fileValidationError }),
    },
    bytes,
  };
}
