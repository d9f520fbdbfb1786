import { Dense, hashedNet, loadOnly, Sequential, tensor } from '@funhash/layers';

export async function predict(file: Uint8Array, image: Float32Array): Promise<unknown> {
  const model = await loadOnly(file, { layers: { Dense, Sequential }, schemes: { hashedNet } });
  return model.forward(tensor(image, [1, 784])).data();
}
