/** Refuses bytes: throws an error of whoever decodes. */
export type Refuse = (expected: string, actual: string) => never;
