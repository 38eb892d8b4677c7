// Loaded with `await import('./hdr-library.ts')`. A CommonJS package that is imported
// dynamically by its own name loses its named exports once it is bundled.
export { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
