import type { FindingKind } from '../finding.ts';
import { PERSISTENCE_FINDINGS } from './redis-persistence.ts';
import { SERVER_FINDINGS } from './redis-server.ts';
import { STREAM_FINDINGS } from './redis-stream.ts';
import { CLUSTER_FINDINGS } from './redis-topology.ts';

/** Findings about the Redis server and the stream. */
export const REDIS_FINDINGS: readonly FindingKind[] = [
  ...SERVER_FINDINGS,
  ...PERSISTENCE_FINDINGS,
  ...CLUSTER_FINDINGS,
  ...STREAM_FINDINGS,
];
