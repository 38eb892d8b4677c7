export { dataLost } from './data-lost.ts';
export { type Durability, NotDurable } from './durability.ts';
export { fenceNumber, LaneFenced } from './fenced.ts';
export type { Loss } from './lane-memory.ts';
export type { OpenedLane } from './lane-writer.ts';
export { partitionFor } from './partition.ts';
export { RedisStreamSink } from './redis-stream.ts';
export { RolledBack, SettledLost } from './rolled-back.ts';
export type { Appended, Sink } from './sink.ts';
