/**
 * Stands in for `default-backend.ts` under the condition `funhash-reference`: bundles without WebAssembly, for pages to
 * which small files matter more than speed. Networks run on the reference until `useBackend`.
 */
export function offerDefaultBackend(): void {}
