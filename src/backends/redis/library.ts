// Loaded with `await import('./library.ts')`. A CommonJS package that is imported
// dynamically by its own name loses its named exports once it is bundled.
export { Cluster, Redis } from 'ioredis';
