import { newFolderIn } from './run-folder.ts';

// Claims folders of one name at once, as a process of its own: their paths, a line for each.
const [parent, count] = process.argv.slice(2) as [string, string];

async function claim(): Promise<void> {
  const folder = await newFolderIn(parent, 'train-now');
  await folder.write('mine.txt', `${process.pid}`);
  process.stdout.write(`${folder.path}\n`);
}

void Promise.all(Array.from({ length: Number(count) }, claim));
