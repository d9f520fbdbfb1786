import { load, tensor } from '@funhash/layers';

export async function predict(file: Uint8Array, image: Float32Array): Promise<unknown> {
  const model = await load(file);
  return model.forward(tensor(image, [1, 784])).data();
}
