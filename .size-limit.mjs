// Ceilings on what a page downloads: bundled by esbuild with all dependencies, minified, brotli. The numbers move
// when someone decides that they should: raise one in the commit that needs it and say why beside it.
// What only Node resolves, and the optional GPU package, stay outside of the bundle.
const outside = ['node:*', '@funhash/gpu'];
const modifyEsbuildConfig = (config) => ({ ...config, external: [...(config.external ?? []), ...outside] });

const entries = [
  {
    name: 'hashing: one hash',
    path: 'packages/hashing/dist/index.js',
    import: '{ xxHash32 }',
    limit: '0.8 kB',
  },
  { name: 'hashing', path: 'packages/hashing/dist/index.js', limit: '4 kB' },
  { name: 'formula', path: 'packages/formula/dist/index.js', limit: '6.5 kB' },
  // Convolutions, with their kernels and threads, and fourteen more layers: 58 to 75 kB.
  { name: 'layers', path: 'packages/layers/dist/index.js', limit: '78 kB' },
  // Reading and writing files is loaded apart, which costs 0.4 kB where a bundle is one file.
  { name: 'training', path: 'packages/training/dist/index.js', limit: '34.5 kB' },
  { name: 'models: LeNet-5', path: 'packages/models/dist/index.js', import: '{ leNet5 }', limit: '61 kB' },
];

export default entries.map((entry) => ({ ...entry, modifyEsbuildConfig }));
