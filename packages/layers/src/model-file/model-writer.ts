// The part of the codec that saving needs: a module of its own, so that bundlers leave out the rest.
export { atLeastF16, compressBytes, encodeModel, saveBytes } from '@funhash/codec/write';
