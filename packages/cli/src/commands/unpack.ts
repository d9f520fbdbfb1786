import {
  type LazyTensor,
  ModelFileError,
  readBytes,
  type StoredTensor,
  safetensorsChunks,
  writeFileAtomic,
} from '@funhash/codec';
import { type PackedTensor, readPack, UnpackError } from '@funhash/codec/unpack';
import { Command } from 'commander';
import { requireFile, requireOther } from '../files/paths.ts';
import { grouped, type Output } from '../terminal/output.ts';

interface UnpackFlags {
  readonly out?: string;
  readonly json?: true;
}

/** Makes `funhash unpack`: the weights of a pack as safetensors. */
export function unpackCommand({ line }: Output): Command {
  return new Command('unpack')
    .summary('the weights of a pack as safetensors')
    .description(
      'Writes the tensors of a pack (.fhp) as a safetensors file: coded ones as F32, others as they were.',
    )
    .argument('<pack>', 'a .fhp file, from `funhash pack`')
    .option('-o, --out <file>', 'the weights (default: the name of the pack with .safetensors)')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ funhash unpack weights.fhp --out weights.safetensors')
    .action(async (packed: string, { out, json }: UnpackFlags) => {
      const path = out ?? `${packed.replace(/\.fhp$/, '')}.safetensors`;
      await requireFile('the pack', packed);
      await requireOther(path, 'the pack', packed);
      const file = await readBytes(packed);
      const tensors = new Map(tensorsIn(packed, file));
      const bytes = await writeFileAtomic(path, safetensorsChunks(tensors));
      if (json) return line(JSON.stringify({ path, tensors: tensors.size, bytes }, null, 2));
      line(`${path}: ${grouped(tensors.size)} tensors, ${grouped(bytes)} bytes`);
    });
}

function tensorsIn(source: string, file: Uint8Array): [string, LazyTensor][] {
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof UnpackError)) throw error;
      throw new ModelFileError(
        { operation: 'unpack', expected: 'a whole pack', actual: error.message, source },
        { cause: error },
      );
    }
  };
  return attempt(() => readPack(file)).map(({ name, dtype: packed, shape, isCoded, read }) => {
    const dtype = isCoded ? 'F32' : packed;
    return [name, { dtype, shape, read: () => elements(dtype, attempt(read)) }];
  });
}

function elements(dtype: PackedTensor['dtype'], data: Float32Array | Uint8Array): StoredTensor['data'] {
  if (data instanceof Float32Array) return data;
  const arrays = {
    F32: Float32Array,
    F64: Float64Array,
    F16: Uint16Array,
    BF16: Uint16Array,
    I32: Int32Array,
    U8: Uint8Array,
  };
  return new arrays[dtype](data.buffer as ArrayBuffer);
}
