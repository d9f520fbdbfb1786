import { checkOptions, FunhashError } from '@funhash/hashing';
import { ImportError } from './import-error.ts';
import { type ImportOnnxOptions, importRules } from './import-options.ts';
import { type ImportedNetwork, OnnxFile } from './onnx-file.ts';

/**
 * The network in an ONNX file, as layers: their weights can be compressed, trained, saved. Images are channels last here:
 * the network takes [B, H, W, C] where the file says [B, C, H, W], and weights are put in that order; sequences are batch
 * first. `input` and `output` say how. The batch is free, also where the file fixes it. The file is taken as hostile.
 *
 *     const { network } = importOnnx(await readFile('model.onnx'));
 *
 * @param bytes the content of an .onnx file, of operators of version 7 or later
 * @throws ImportError for damaged files, and for nodes that cannot become layers, with their names and what to do
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): ImportedNetwork {
  checkOptions('importOnnx', importRules, options);
  const file = new OnnxFile(bytes, options);
  try {
    return file.network(true);
  } catch (error) {
    if (!(error instanceof FunhashError)) throw error;
    // What is no batch cannot be free: a file that fixes its first extent may mean it so.
    if (!file.hasFixedBatch) throw asImportError(error);
    try {
      return file.network(false);
    } catch {
      throw asImportError(error);
    }
  }
}

/** Layers refuse what a damaged file asks of them: in the words of an import. */
const asImportError = (error: FunhashError): FunhashError =>
  error instanceof ImportError ? error : wrapped(error);

const wrapped = (error: FunhashError): ImportError =>
  new ImportError(
    { ...error.details, operation: `importOnnx, ${error.details.operation}` },
    { cause: error },
  );
