import type { Cluster, Redis } from 'ioredis';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import { lockFor } from '../attach.ts';
import { viewRun } from '../membership.ts';
import { RunStore } from '../run-store.ts';
import { readTotals } from '../totals.ts';
import { asBack } from './attach.ts';

/**
 * A drain of the destination that is at work would carry everything away again. One that was interrupted
 * and has messages in hand would, when it is continued, settle rows that have been given back.
 */
export async function forwardFindings(client: Redis | Cluster, identity: string): Promise<Finding[]> {
  const holder = (await client.hget(lockFor(identity), 'holder')) ?? '';
  const record = holder === '' ? undefined : await new RunStore(client).load(holder);
  if (record?.state !== 'running' || asBack(record.manifest)) return [];
  const { alive } = await viewRun(client, holder);
  if (alive.size > 0)
    return [
      {
        level: 'blocker',
        code: 'DRAIN_AT_WORK',
        text: `run ${holder} is draining this very source: it would take everything away again`,
        remedy: `stop it first; qctl drain status ${holder} shows where it is at work`,
      },
    ];
  const { open } = await readTotals(client, record.manifest);
  if (open === 0) return [];
  return [
    {
      level: 'blocker',
      code: 'DRAIN_OPEN',
      text: `interrupted run ${holder} has ${open} ${plural(open, 'message')} in hand that may stand in the source and in the stream; continued later it would take ${plural(open, 'it')} out of the source`,
      remedy: 'repeat its own command with --until 1s: it settles them first',
    },
  ];
}
