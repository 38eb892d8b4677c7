import { type RedisConnection, type RedisFacts, redisFacts } from '../backends/redis/index.ts';
import { formatBytes } from '../model/bytes.ts';
import type { Finding } from '../model/finding.ts';
import type { Durability } from '../sinks/durability.ts';
import { chooseDurability } from './durability-check.ts';
import type { DrainRequest } from './request.ts';
import { keyFindings, serverFindings } from './target-checks.ts';
import { rightsFindings } from './target-rights.ts';

/** Bytes an entry takes besides its payload: listpack framing, field names, ids. Measured on Redis 7 and rounded up. */
const ENTRY_OVERHEAD_BYTES = 120;

/** What the target is and what speaks against using it. */
export interface TargetCheck {
  facts: RedisFacts;
  durability: Durability;
  findings: Finding[];
}

/** Looks at the target; changes nothing. */
export async function checkTarget(
  connection: RedisConnection,
  { target, settings }: Pick<DrainRequest, 'target' | 'settings'>,
  backlog: { messages: number | null; bytes: number | null },
): Promise<TargetCheck> {
  const facts = await redisFacts(connection);
  const findings = [
    ...(await keyFindings(connection, target)),
    ...serverFindings(facts, settings),
    ...checkMemory(facts, backlog),
    ...((await rightsFindings(connection, target)) ?? []),
  ];
  const durability = chooseDurability(target.durability, facts, findings);
  return { facts, durability, findings };
}

function checkMemory(
  facts: RedisFacts,
  backlog: { messages: number | null; bytes: number | null },
): Finding[] {
  if (!facts.maxmemory || facts.usedMemory === null || backlog.messages === null || backlog.bytes === null)
    return [];
  const free = facts.maxmemory - facts.usedMemory;
  const needed = backlog.bytes + backlog.messages * ENTRY_OVERHEAD_BYTES;
  if (needed < free) return [];
  return [
    {
      level: 'warning',
      code: 'MEMORY',
      text: `the backlog needs about ${formatBytes(needed)} and Redis has ${formatBytes(Math.max(0, free))} left below maxmemory; the drain will wait when it is full`,
      remedy: 'raise maxmemory, start the consumers first, or drain with --limit',
    },
  ];
}
