import { isRetryable, type RedisConnection } from '../backends/redis/index.ts';
import type { Finding } from '../model/finding.ts';
import { partitionKeys } from '../model/keys.ts';
import { lagProbe } from './brakes/lag.ts';
import { memoryProbe } from './brakes/memory.ts';
import type { BrakeName, Probe } from './brakes/probe.ts';
import { sourceLoadProbe } from './brakes/source-load.ts';
import { stopFileProbe } from './brakes/stop-file.ts';
import { streamLengthProbe } from './brakes/stream-length.ts';
import type { DrainRequest } from './request.ts';
import type { BrakeLimits } from './tunable.ts';

/** What measures the limits. Nothing is connected or looked at before the first look. */
export function probesOf(
  limits: BrakeLimits,
  { source, target }: DrainRequest,
  redis: RedisConnection,
): Probe[] {
  const streams = partitionKeys(target.stream, target.partitions);
  const probes: Probe[] = [];
  if (limits.maxLag !== undefined) probes.push(lagProbe(redis, streams, limits.maxLag));
  if (limits.maxStreamLength !== undefined)
    probes.push(streamLengthProbe(redis, streams, limits.maxStreamLength));
  if (limits.maxMemory !== undefined) probes.push(memoryProbe(redis, limits.maxMemory));
  if (limits.maxSourceLoad !== undefined && source.kind === 'postgres')
    probes.push(sourceLoadProbe(source.connection, limits.maxSourceLoad));
  if (limits.stopFile !== undefined) probes.push(stopFileProbe(limits.stopFile));
  return probes;
}

const REMEDIES: Record<BrakeName, string> = {
  'max-lag': 'ask for XINFO to be allowed on the stream, or leave --max-lag out',
  'max-stream-length': 'choose a key that is a stream',
  'max-memory': 'CONFIG SET maxmemory, or an amount such as --max-memory 2GB; INFO must be allowed',
  'max-source-load': 'try the query in psql: it must give one row with one number or boolean, and only read',
  'stop-file': 'make the folder, or mount it',
};

/** Every brake measures once before anything changes: one that cannot would hold the drain for good. */
export async function checkBrakes(
  limits: BrakeLimits,
  request: DrainRequest,
  redis: RedisConnection,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const probe of probesOf(limits, request, redis)) {
    try {
      const { over, reason } = await probe.look();
      if (over)
        findings.push({ level: 'note', code: 'BRAKED', text: `it will stand still at first: ${reason}` });
    } catch (error) {
      if (isRetryable(error)) throw error;
      findings.push({
        level: 'blocker',
        code: 'BRAKE_NOT_MEASURABLE',
        text: `--${probe.brake} cannot be measured: ${(error as Error).message}`,
        remedy: REMEDIES[probe.brake],
      });
    } finally {
      await probe.close?.();
    }
  }
  return findings;
}
