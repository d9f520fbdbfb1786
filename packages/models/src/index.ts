export { type BnnMlpOptions, bnnMlp } from './bnn-mlp.ts';
export { type DenseNetOptions, denseNet } from './dense-net.ts';
export { type LeNet5Options, leNet5 } from './le-net5.ts';
export { type MlpOptions, mlp } from './mlp.ts';
export type { ImageModelOptions } from './model-options.ts';
export { type ResNetOptions, resNet } from './res-net.ts';
export { type Vgg16Options, vgg16 } from './vgg16.ts';
export type { ImageShape, ModelWeights, WeightPlace, WeightRole } from './weights.ts';
export { type WideResNetOptions, wideResNet } from './wide-res-net.ts';
