import { decodeModel, encodeModel, type ModelTensor } from '@funhash/codec';
import { loadInto, type Module } from '@funhash/layers';

export type Tensors = ReadonlyMap<string, ModelTensor>;

/** Stored values of a network by name, as updates take them. */
export async function tensorsOf(net: Module): Promise<Tensors> {
  return decodeModel(await net.toBytes()).tensors;
}

/** Gives a network other stored values. */
export async function setTensors(net: Module, tensors: Tensors): Promise<void> {
  const { spec } = decodeModel(await net.toBytes());
  await loadInto(net, encodeModel({ spec, tensors: new Map(tensors) }));
}
