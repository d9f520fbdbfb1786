// Kinds of data, in the order in which a name is looked up.

export { idxFolder } from './sources/idx-folder.ts';
export { namedSets } from './sources/named-sets.ts';
export { pictureFolder } from './sources/picture-folder.ts';
export { tableFile } from './sources/table-file.ts';
