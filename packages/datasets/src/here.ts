/** The address of this package, from which Node finds the thread of batches and other packages. */
export const here: string | undefined = import.meta.url;

/** The address of a module, as this package would import it. */
export const resolve = (name: string): string => import.meta.resolve(name);

/** Imports a package that may not be installed. */
export const importOptional = (name: string): Promise<unknown> => import(name);
