import type { Case } from '../case.ts';
import { buildPackages, bundleSize, programs } from '../programs.ts';
import type { Row } from '../table.ts';

export const bundles: Case = {
  name: 'bundles',
  title: 'Bundle size',
  about:
    'What a page downloads for the smallest program of each kind: bundled by esbuild with all that it imports, ' +
    'minified, gzip 9; not what is imported only when something asks for it, such as the writing of files. Files: ' +
    'WebAssembly that the library fetches beside it. Without WebAssembly: under the condition `funhash-reference`.',
  libraries: ['funhash', 'jax', 'tfjsWasm', 'brain', 'ortWeb'],
  async run({ takes, show }) {
    buildPackages();
    const rows: Row[] = [];
    for (const program of programs.filter(({ library }) => library !== 'ortNode' && takes(library)))
      rows.push({
        name: program.name,
        ...(await bundleSize(program).then(
          ({ scriptBytes, scriptGzipBytes, filesGzipBytes }) => ({
            minifiedKB: scriptBytes / 1000,
            gzipKB: scriptGzipBytes / 1000,
            filesKB: filesGzipBytes / 1000,
            allKB: (scriptGzipBytes + filesGzipBytes) / 1000,
          }),
          (error: Error) => ({ error: error.message }),
        )),
      });
    show({
      title: 'Smallest programs',
      columns: [
        { key: 'name', title: '' },
        { key: 'minifiedKB', title: 'minified, kB' },
        { key: 'gzipKB', title: 'gzip, kB' },
        { key: 'filesKB', title: 'files, gzip, kB' },
        { key: 'allKB', title: 'together, gzip, kB' },
      ],
      rows,
    });
  },
};
