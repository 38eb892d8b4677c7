import { formatBytes } from '../../model/bytes.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import type { MoveRequest } from '../request.ts';
import type { Forecast } from './forecast.ts';
import { type AnyLook, type Destination, freeBytes, observedArrival } from './make.ts';
import type { OrderPlan } from './order.ts';

/** What both ends together make of a move. */
export function moveFindings(
  move: MoveRequest,
  look: AnyLook,
  { forecast, order }: { forecast: Forecast; order: OrderPlan | null },
  to: Destination | null,
): Finding[] {
  return [
    ...(to ? memoryFindings(move, forecast, to) : []),
    ...neverEnds(look, forecast),
    ...retentionFindings(look, forecast),
    // A standard queue has no order that could be lost.
    ...(look.facts.kind === 'sqs' && look.facts.type === 'standard' ? [] : orderFindings(move, order)),
  ];
}

/** Room that Redis needs for itself: buffers of clients, copies while it saves. */
const HEADROOM = 0.9;

function memoryFindings({ target }: MoveRequest, { memory }: Forecast, { server }: Destination): Finding[] {
  const free = freeBytes(server);
  if (!memory || free === null) return [];
  // On a cluster each master holds the partitions that lie on it.
  const needed = memory.totalBytes / Math.min(server.masters, target?.partitions ?? 1);
  if (needed <= free * HEADROOM) return [];
  const limited = (server.maxmemoryBytes ?? 0) > 0;
  const where = limited ? 'left below maxmemory' : 'left on its host, and no maxmemory';
  const wanted = Math.ceil(((server.usedMemoryBytes ?? 0) + needed / HEADROOM) / MEGABYTE);
  return [
    {
      level: limited ? 'warning' : 'blocker',
      code: 'MEMORY',
      text: `the backlog needs about ${formatBytes(Math.round(needed))} and Redis has ${formatBytes(free)} ${where}`,
      remedy: limited
        ? `CONFIG SET maxmemory ${wanted}mb (and in redis.conf), start the consumers first, or drain with --limit`
        : 'more memory, consumers that are started first, or a drain with --max-stream-length',
    },
  ];
}

const MEGABYTE = 1024 * 1024;

function neverEnds(look: AnyLook, { pace }: Forecast): Finding[] {
  const arrivalPerSecond = observedArrival(look);
  if (arrivalPerSecond === null || !pace || arrivalPerSecond < pace.perSecond) return [];
  return [
    {
      level: 'warning',
      code: 'NEVER_EMPTY',
      text: `${Math.round(arrivalPerSecond)} messages a second arrive, and one process drains about ${pace.perSecond}`,
      remedy:
        pace.bottleneck === 'round trips'
          ? 'more receivers (--receivers 64..256), or several processes on one run'
          : 'stop the producers first, or several processes on one run; --until enqueued:now ends with what is there now',
    },
  ];
}

/** Unknown ages are taken for half of the retention. */
const USUAL_AGE = 0.5;

function retentionFindings({ facts, oldestAt }: AnyLook, { durationMs }: Forecast): Finding[] {
  if (facts.kind !== 'sqs' || durationMs === null) return [];
  const age = oldestAt === null ? facts.retentionMs * USUAL_AGE : Date.now() - Date.parse(oldestAt);
  const left = facts.retentionMs - age;
  if (durationMs < left) return [];
  const oldest = oldestAt === null ? '' : `, and the oldest of the sample is ${formatDuration(age)} old`;
  return [
    {
      level: 'blocker',
      code: 'RETENTION_BEFORE_END',
      text: `the drain takes about ${formatDuration(durationMs)}; the queue deletes messages after ${formatDuration(facts.retentionMs)}${oldest}`,
      remedy: `aws sqs set-queue-attributes --queue-url ${facts.label} --attributes MessageRetentionPeriod=1209600; it holds for messages that are there as well`,
    },
  ];
}

const HOT = 0.5;

function orderFindings({ target, source }: MoveRequest, order: OrderPlan | null): Finding[] {
  if (!order || !target || target.partitions === 1) return [];
  if (order.keyed === 0)
    return [
      {
        level: 'note',
        code: 'NO_KEY',
        text: `the stream has ${target.partitions} partitions and no message a key: messages are spread by id, and their order is lost`,
        remedy:
          source?.kind === 'postgres'
            ? '--key COLUMN names what must stay in order'
            : '--partitions 1 keeps them in order',
      },
    ];
  const { hottest, fullestShare } = order;
  if (!hottest || hottest.share < HOT) return [];
  return [
    {
      level: 'warning',
      code: 'HOT_KEY',
      text: `key ${hottest.key} has ${Math.round(hottest.share * 100)} % of the sampled messages: one partition of ${target.partitions} gets ${Math.round(fullestShare * 100)} % of all`,
      remedy: 'a finer key, if order allows it (--key), or --partitions 1',
    },
  ];
}
