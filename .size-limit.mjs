// Ceilings on what a page downloads: bundled by esbuild with all dependencies, minified, brotli. The numbers move
// when someone decides that they should: raise one in the commit that needs it and say why beside it.
export default [
  {
    name: 'hashing: one hash',
    path: 'packages/hashing/dist/index.js',
    import: '{ xxHash32 }',
    limit: '0.8 kB',
  },
  { name: 'hashing', path: 'packages/hashing/dist/index.js', limit: '4 kB' },
  { name: 'formula', path: 'packages/formula/dist/index.js', limit: '6.5 kB' },
  { name: 'layers', path: 'packages/layers/dist/index.js', limit: '60 kB' },
  { name: 'training', path: 'packages/training/dist/index.js', limit: '80 kB' },
];
