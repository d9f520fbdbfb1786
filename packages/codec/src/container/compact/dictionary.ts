const conv2d = (
  inputs: number,
  size: number,
  out: number,
  padding: number,
  kind: string,
  options: string,
): string =>
  `{"activation":"relu","bias":true,"in":${inputs},"kernelSize":${size},"out":${out},"padding":${padding},"stride":1,` +
  `"type":"conv2d","weight":{"cols":${inputs * size * size},"kind":"${kind}","options":{${options}},"policy":"tile","rows":${out}}}`;

const dense = (inputs: number, out: number, activation: string, kind: string, options: string): string =>
  `{${activation}"bias":true,"in":${inputs},"out":${out},"type":"dense","weight":{"cols":${inputs},"kind":"${kind}",` +
  `"options":{${options}},"policy":"tile","rows":${out}}}`;

const spec = (layers: readonly string[], dtype: string, input: string): string =>
  `{"spec":{"model":{"layers":[${layers.join()}],"type":"sequential"},"signature":{"classes":["0","1","2","3","4","5",` +
  `"6","7","8","9"],"dtype":"${dtype}","input":[${input}]${dtype === 'u8' ? ',"scale":[0,1]' : ''}},"spaces":[],"ties":{}},`;

const values = (place: number, out: number, cols: number): string =>
  `["${place}.bias","coded",${out}],["${place}.weight.step","F32",1],["${place}.weight.w","coded",${out},${cols}]`;

const pool = '{"kernelSize":2,"type":"maxPool2d"}';
const lsq = '"bits":6';
const hashed = '"buckets":12250,"hash":"xxHash32","seed":1';
const relu = '"activation":"relu",';

/** Descriptions of nets, which the model of texts has seen before it codes one. It is part of version 1 of the container. */
export const dictionary: string = /* @__PURE__ */ [
  `${spec(
    [
      '{"channels":16,"epsilon":0.001,"type":"batchNorm"},{"rate":0.1,"type":"dropout"},{"type":"globalAveragePool"}',
      dense(784, 1000, relu, 'hashedNet', hashed),
      dense(1000, 10, '"activation":"tanh",', 'dense', ''),
    ],
    'f32',
    '784',
  )}"tensors":[["0.bias","F32",500],["0.weight.w","F32",12250],["1.bias","F16",100],["1.weight.w","BF16",10,1000]]}`,
  `${spec(
    [
      '{"shape":[28,28,1],"type":"reshape"}',
      conv2d(1, 5, 20, 2, 'dense', ''),
      pool,
      conv2d(8, 3, 50, 0, 'lsq', lsq),
      pool,
      conv2d(32, 3, 64, 1, 'lsq', lsq),
      conv2d(24, 3, 12, 0, 'lsq', lsq),
      '{"type":"flatten"}',
      dense(800, 500, relu, 'lsq', lsq),
      dense(500, 10, '', 'lsq', lsq),
    ],
    'u8',
    '28,28,1',
  )}"tensors":[${[values(1, 20, 25), values(3, 50, 72), values(5, 64, 288), values(6, 12, 216), values(8, 500, 800)].join()}]}`,
]
  .map((text) => `${text}\0`)
  .join('');
