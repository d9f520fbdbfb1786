// Ceilings on what a page downloads: bundled by esbuild with all dependencies, minified, brotli. The numbers move
// when someone decides that they should: raise one in the commit that needs it and say why beside it.
// Nothing stays outside of the bundle: an import that a page cannot resolve fails here too. What writes files is fetched when
// a page first saves; it has a ceiling of its own.
const whenSaving = {
  name: 'when saving',
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /^@funhash\/codec\/write$/ }, async ({ kind, path, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'checked') return undefined;
      const found = await resolve(path, { kind, resolveDir, pluginData: 'checked' });
      return found.errors.length > 0 ? found : { path, external: true };
    }),
};

const modified = (conditions) => (config) => ({
  ...config,
  external: [],
  platform: 'browser',
  plugins: [whenSaving],
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
  // `@funhash/hashing/streams`, which whoever hashes does not download.
  { name: 'hashing', path: 'packages/hashing/dist/index.js', limit: '5.3 kB' },
  { name: 'formula', path: 'packages/formula/dist/index.js', limit: '6.5 kB' },
  // 6 to 7.6 kB: transcendental functions with relative accuracy, stated by e^−|x|.
  { name: 'codegen', path: 'packages/codegen/dist/index.js', limit: '7.6 kB' },
  // All layers and all schemes with their kernels, and files: 78 to 86 kB with five more schemes and packed signs; 102 to
  // 113 kB with twenty more ops, arguments that are checked, widths, accurate functions. 113 to 118 kB: attention,
  // convolutions of plain tensors, order and repetition, hashes of one's own. 118 to 121.5 kB: plans on WebAssembly (2), three
  // more schemes and layers. 121.5 to 118 kB: graphs of layers and ops and the decoder of coded weights came, writing left.
  { name: 'layers', path: 'packages/layers/dist/index.js', limit: '118 kB' },
  // 60.5 to 66 kB: options that are checked with the nearest name, in code and in files (hashing 1.2, layers 2), and
  // storage formats that are read and written by one file each (codec 1.5). 66 to 67 kB: files are read within what they
  // can hold (gzip by its length, headers entry by entry), messages are printable, bytes are told from other numbers.
  // 67 to 71 kB: arguments of every op and layer are checked, widths are compared, modules are disposed of. 71 to 71.5 kB (45 to
  // 46 without WebAssembly): files name hashes and schemes of one's own; a recurrent layer's product is formed over all steps.
  // 71.5 to 73.5 kB: the backend of WebAssembly makes one function of a plan. 73.5 to 71 kB (46 to 44): files may hold coded
  // weights, and what writes files is fetched when a page first saves.
  {
    name: 'layers: dense networks',
    path: 'packages/layers/dist/index.js',
    import: '{ Dense, hashedNet, loadOnly, Sequential, tensor }',
    limit: '71 kB',
  },
  {
    name: 'layers: dense networks, without WebAssembly',
    path: 'packages/layers/dist/index.js',
    import: '{ Dense, hashedNet, loadOnly, Sequential, tensor }',
    conditions: ['funhash-reference'],
    limit: '44 kB',
  },
  // 38.5 to 47 kB: 4.7 are training's own, what it says of examples, targets and runs that do not fit; the rest is arithmetic
  // of whole numbers and what packages below it check. 47 to 55.5 kB: plans of steps (5.5); sums of gradients, freezing, penalties,
  // averages of weights, the search for a learning rate. 55.5 to 59 kB: the entropy coder of files: checkpoints are written from the start.
  { name: 'training', path: 'packages/training/dist/index.js', limit: '59 kB' },
  // 20 to 22 kB: texts.
  { name: 'datasets', path: 'packages/datasets/dist/index.js', limit: '22 kB' },
  { name: 'codec: reading', path: 'packages/codec/dist/read.js', limit: '10.7 kB' },
  { name: 'codec: writing', path: 'packages/codec/dist/write.js', limit: '13.6 kB' },
  // 14.5 to 18.5 kB: the entropy coder.
  { name: 'codec', path: 'packages/codec/dist/index.js', limit: '18.5 kB' },
  // 150 to 167 kB: plans, the entropy coder, attention, convolutions of plain tensors, texts, what fit may do besides.
  { name: 'funhash, all of it', path: 'packages/funhash/dist/index.js', limit: '167 kB' },
  // 72 to 66 kB: writing files is fetched when a page first saves.
  { name: 'models: LeNet-5', path: 'packages/models/dist/index.js', import: '{ leNet5 }', limit: '66 kB' },
];

export default entries.map(({ conditions, ...entry }) => ({
  ...entry,
  modifyEsbuildConfig: modified(conditions),
}));
