export { ArchiveSink } from './archive.ts';
export { dataLost } from './data-lost.ts';
export { type Durability, NotDurable } from './durability.ts';
export { LaneFenced } from './fenced.ts';
export { partitionFor } from './partition.ts';
export { RedisStreamSink } from './redis-stream.ts';
export type { Appended, Sink } from './sink.ts';
