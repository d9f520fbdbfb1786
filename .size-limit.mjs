// Ceilings on what a page downloads: bundled by esbuild with all dependencies, minified, brotli. The numbers move
// when someone decides that they should: raise one in the commit that needs it and say why beside it.
// Nothing stays outside of the bundle: an import that a page cannot resolve fails here too.
const modified = (conditions) => (config) => ({
  ...config,
  external: [],
  platform: 'browser',
  ...(conditions && { conditions }),
});

const entries = [
  // 0.8 to 1.1 kB: what is no bytes is refused by an error of this project.
  {
    name: 'hashing: one hash',
    path: 'packages/hashing/dist/index.js',
    import: '{ xxHash32 }',
    limit: '1.1 kB',
  },
  // 4.8 to 5.3 kB: what all packages stand on has its place here: CRC-32, what bytes are, printable text. Inflating is in
  // `@funhash/hashing/streams`, which whoever hashes does not download. 5.3 to 5.5 kB: joining arrays, which seven packages did.
  { name: 'hashing', path: 'packages/hashing/dist/index.js', limit: '5.5 kB' },
  // 6.5 to 7.3 kB: programs as JSON, read as hostile.
  { name: 'formula', path: 'packages/formula/dist/index.js', limit: '7.3 kB' },
  // 6 to 7.6 kB: transcendental functions with relative accuracy, stated by e^−|x|. 7.6 to 7.9 kB: programs as C.
  { name: 'codegen', path: 'packages/codegen/dist/index.js', limit: '7.9 kB' },
  // All layers and all schemes with their kernels, and files: 78 to 86 kB with five more schemes and packed signs; 102 to
  // 113 kB with twenty more ops, arguments that are checked, widths, accurate functions. 113 to 118 kB: attention,
  // convolutions of plain tensors, order and repetition, hashes of one's own. 118 to 121.5 kB: plans on WebAssembly (2), three
  // more schemes and layers. 121.5 to 124.5 kB: graphs of layers and ops, and the
  // coder of weights. Writing stays in: a module worker of Vite 5 is one script, so that nothing can be fetched later. 124.5 to
  // 129.3 kB: compact files (2.9), programs as data, matrices that are decoded once. To 130 kB: levels of any scheme's values. To
  // 131.7 kB: products of windows that are not packed, zeros around large images alone. To 132.4 kB: plans on several threads, and
  // copies and reductions that are split.
  { name: 'layers', path: 'packages/layers/dist/index.js', limit: '132.4 kB' },
  // 60.5 to 66 kB: options that are checked with the nearest name, in code and in files (hashing 1.2, layers 2), and
  // storage formats that are read and written by one file each (codec 1.5). 66 to 67 kB: files are read within what they
  // can hold (gzip by its length, headers entry by entry), messages are printable, bytes are told from other numbers.
  // 67 to 71 kB: arguments of every op and layer are checked, widths are compared, modules are disposed of. 71 to 71.5 kB (45 to
  // 46 without WebAssembly): files name hashes and schemes of one's own; a recurrent layer's product is formed over all steps.
  // 71.5 to 73.5 kB: the backend of WebAssembly makes one function of a plan. 73.5 to 77.7 kB (46 to 50.7): files may hold coded
  // weights. 77.7 to 78.6 kB: plans that are kept for predictions. To 79 kB
  // (51.6): safetensors files in parts, read and written one tensor at a time. To 80.3 kB: products of windows that are not packed. To
  // 81.1 kB: plans on several threads.
  {
    name: 'layers: dense networks',
    path: 'packages/layers/dist/index.js',
    import: '{ Dense, hashedNet, loadOnly, Sequential, tensor }',
    limit: '81.1 kB',
  },
  {
    name: 'layers: dense networks, without WebAssembly',
    path: 'packages/layers/dist/index.js',
    import: '{ Dense, hashedNet, loadOnly, Sequential, tensor }',
    conditions: ['funhash-reference'],
    limit: '51.6 kB',
  },
  // Pages that only predict: by WebAssembly code that stands in the file, by plain script, by either.
  {
    name: 'layers: prediction by compiled code',
    path: 'packages/layers/dist/predict.js',
    import: '{ readCompiledPredictor }',
    limit: '4.9 kB',
  },
  {
    name: 'layers: prediction without WebAssembly',
    path: 'packages/layers/dist/predict.js',
    import: '{ readPlainPredictor }',
    limit: '13.4 kB',
  },
  {
    name: 'layers: prediction',
    path: 'packages/layers/dist/predict.js',
    import: '{ readPredictor }',
    limit: '14.6 kB',
  },
  // 38.5 to 47 kB: 4.7 are training's own, what it says of examples, targets and runs that do not fit; the rest is arithmetic
  // of whole numbers and what packages below it check. 47 to 55.5 kB: plans of steps (5.5); sums of gradients, freezing, penalties,
  // averages of weights, the search for a learning rate. 55.5 to 59.2 kB: the entropy coder of files. 59.2 to 63
  // kB: predictions by plans; the price of bits and of what tuning changes. 63 to 61 kB: checkpoints are checked by the rules of
  // options, without valibot. To 61.6 kB: metrics of many labels; to 62 kB: what
  // codec reads and writes in parts.
  { name: 'training', path: 'packages/training/dist/index.js', limit: '62 kB' },
  // 20 to 22 kB: texts. 22 to 25.5 kB: series and their windows; folders of pictures and of IDX files of one's own. Tables are an
  // entry of their own, for they bring a parser.
  { name: 'datasets', path: 'packages/datasets/dist/index.js', limit: '25.7 kB' },
  // 10.8 to 14.1 kB, and 13.6 to 19.3 kB: compact files. To 14.6 and 19.4 kB: safetensors files that are read and written one
  // tensor at a time. To 14.7 kB: decisions of one's own are read by the same coder.
  { name: 'codec: reading', path: 'packages/codec/dist/read.js', limit: '14.7 kB' },
  { name: 'codec: writing', path: 'packages/codec/dist/write.js', limit: '19.4 kB' },
  // What a page takes to read packs: 2.9 kB by gzip, 6 asked.
  { name: 'codec: unpack', path: 'packages/codec/dist/unpack.js', limit: '3 kB' },
  { name: 'codec: updates', path: 'packages/codec/dist/update.js', limit: '11 kB' },
  // 14.5 to 18.5 kB: the entropy coder. 18.5 to 22.4 kB: compact files. To 22.7 kB: safetensors
  // files one tensor at a time.
  { name: 'codec', path: 'packages/codec/dist/index.js', limit: '22.7 kB' },
  // 150 to 167 kB: plans, the entropy coder, attention, convolutions of plain tensors, texts, what fit may do besides. 167
  // to 178 kB, now 175.5 without valibot: compact files, prices of bits, series, folders of pictures, predictions by plans. To
  // 176.2 kB: levels of any scheme's values. To 176.8 kB: the headers of WebP, bounded before they are decoded. To 177.4
  // kB: metrics of many labels. To 179.3 kB: products of windows that are not packed, zeros around large images alone.
  // To 180.1 kB: plans on several threads.
  { name: 'funhash, all of it', path: 'packages/funhash/dist/index.js', limit: '180.1 kB' },
  // 72 to 77.4 kB: the entropy coder of files; predictions by plans. To 79.1 kB: products of windows that are not packed, zeros around large images alone.
  // To 80 kB: plans on several threads.
  { name: 'models: LeNet-5', path: 'packages/models/dist/index.js', import: '{ leNet5 }', limit: '80 kB' },
];

export default entries.map(({ conditions, ...entry }) => ({
  ...entry,
  modifyEsbuildConfig: modified(conditions),
}));
