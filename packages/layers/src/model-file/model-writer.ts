// The part of the codec that saving needs: a module of its own, so that bundlers leave out the rest.
export { compressBytes, encodeModel, saveBytes } from '@funhash/codec/write';
