// Stands in for `here.ts` in pages: bundlers follow imports whether or not they are made, and those that make no modules
// warn at an `import.meta`.
export const here: string | undefined = undefined;

export const resolve = (name: string): string => name;

export const importOptional = (name: string): Promise<unknown> =>
  Promise.reject(new Error(`${name} is for Node`));
