import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs';
import { Redis } from 'ioredis';
import {
  BACK_SETTINGS,
  type BackPlan,
  type BackReport,
  type BackRequest,
  type BackSettings,
  type BackSource,
  type BackTarget,
  openBack,
  type PostgresSpec,
  runBack,
} from '../../src/drain/index.ts';
import type { DrainSnapshot } from '../../src/events.ts';
import type { Message } from '../../src/model/message.ts';
import { toEntry } from '../../src/transform/envelope.ts';
import { sharedRedisUrl } from '../support/shared.ts';
import type { SqsAccess } from '../support/sqs.ts';

/** What a test says of one way back; the rest stands for itself. */
export interface BackCase {
  source: Partial<BackSource> & { stream: string };
  table?: { url: string; spec: Partial<PostgresSpec> & { table: string }; ledgerTable?: string };
  queue?: { url: string; endpoint: string; marks?: boolean; clipDelay?: boolean };
  settings?: Partial<BackSettings>;
  redisUrl?: string;
  signal?: AbortSignal;
  onSnapshot?(snapshot: DrainSnapshot): void;
}

const SQS = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** The request of a case. Consumers of a test have just been there, so that nobody counts as active. */
export function backRequest(test: BackCase): BackRequest {
  return {
    source: {
      connection: { url: test.redisUrl ?? sharedRedisUrl() },
      partitions: 1,
      group: 'workers',
      ...test.source,
    },
    target: targetOf(test),
    settings: { ...BACK_SETTINGS, activeWithinMs: 0, minIdleMs: 0, ...test.settings },
    startedBy: 'test',
  };
}

function targetOf({ table, queue }: BackCase): BackTarget {
  if (table)
    return {
      kind: 'postgres',
      name: table.spec.table,
      connection: { url: table.url },
      ledgerTable: table.ledgerTable,
      spec: {
        format: 'generic',
        id: ['id'],
        payload: 'payload',
        done: { delete: true },
        mode: 'move',
        ...table.spec,
      },
    };
  return {
    kind: 'sqs',
    name: 'queue',
    connection: { queueUrl: queue!.url, endpoint: queue!.endpoint, ...SQS },
    marks: queue!.marks ?? true,
    clipDelay: queue!.clipDelay ?? false,
  };
}

/** Plan only. */
export async function planBack(test: BackCase): Promise<BackPlan> {
  const back = await openBack(backRequest(test), {}, new Date());
  await back.close();
  return back.plan;
}

/** Opens and runs a way back to its end, in this process. */
export async function goBack(
  test: BackCase,
): Promise<{ plan: BackPlan; report: BackReport; waits: string[] }> {
  const back = await openBack(backRequest(test), {}, new Date());
  const waits = new Set<string>();
  try {
    const events = {
      progress: (snapshot: DrainSnapshot) => {
        if (snapshot.waitingFor) waits.add(snapshot.waitingFor);
        test.onSnapshot?.(snapshot);
      },
    };
    const report = await runBack(back, events, test.signal ?? new AbortController().signal);
    return { plan: back.plan, report, waits: [...waits] };
  } finally {
    await back.close();
  }
}

/** Reads so many entries as a consumer of a group; returns their entry ids. */
export async function consume(
  stream: string,
  {
    group = 'workers',
    consumer = 'worker-1',
    count,
    url = sharedRedisUrl(),
  }: { group?: string; consumer?: string; count: number; url?: string },
): Promise<{ entry: string; fields: Record<string, string> }[]> {
  const redis = new Redis(url);
  try {
    const reply = (await redis.xreadgroup(
      'GROUP',
      group,
      consumer,
      'COUNT',
      count,
      'STREAMS',
      stream,
      '>',
    )) as [string, [string, string[]][]][] | null;
    return (reply?.[0]?.[1] ?? []).map(([entry, flat]) => ({
      entry,
      fields: Object.fromEntries(
        Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]),
      ),
    }));
  } finally {
    redis.disconnect();
  }
}

/** Writes messages into a stream as a drain would, and makes a group that has seen none of them. */
export async function fillStream(
  stream: string,
  messages: readonly (Omit<Partial<Message>, 'body'> & { body: Buffer | string | null })[],
  { group = 'workers', url = sharedRedisUrl() }: { group?: string; url?: string } = {},
): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const made = redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    await made.catch(() => undefined);
    const ids: Promise<string>[] = messages.map(({ body, ...message }, n) => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      const entry = toEntry({ id: `m${n}`, ...message, body: bytes });
      return redis.xadd(
        stream,
        '*',
        ...(entry as string[]),
        'source',
        'test',
        'run',
        'r1',
      ) as Promise<string>;
    });
    return await Promise.all(ids);
  } finally {
    redis.disconnect();
  }
}

/** Everything that stands in a queue, in the order in which it comes, deleted. */
export async function receiveAll(access: SqsAccess, QueueUrl: string): Promise<SqsMessage[]> {
  const all: SqsMessage[] = [];
  for (;;) {
    const { Messages = [] } = await access.client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return all;
    all.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await access.client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
