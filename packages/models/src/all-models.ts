// Every model: the index and the record of named models read this list.

export { bnnConvNet } from './bnn-conv-net.ts';
export { bnnMlp } from './bnn-mlp.ts';
export { deepConvNet } from './deep-conv-net.ts';
export { denseNet } from './dense-net.ts';
export { leNet5 } from './le-net5.ts';
export { mlp } from './mlp.ts';
export { recurrentNet } from './recurrent-net.ts';
export { resNet } from './res-net.ts';
export { smallConvNet } from './small-conv-net.ts';
export { vgg16 } from './vgg16.ts';
export { wideResNet } from './wide-res-net.ts';
