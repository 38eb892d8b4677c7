import { QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { bucketField, isStageName, stageName } from './stage-fields.ts';

/** How a stage ended: done, failed for good, or failed and to be tried again. */
export type StageOutcome = 'finished' | 'failed' | 'retried';

/** One message that has gone through one stage of its processing. */
export interface StageRecord {
  stream: string;
  group: string;
  /** Such as `parse`, `render`, `total`: letters, digits, `_`, `.` and `-`, up to 64. Never an id. */
  stage: string;
  /** Which engine did it, such as `old` and `new`. */
  engine?: string | undefined;
  /** How long it took. Counts where it finished. */
  ms: number;
  outcome: StageOutcome;
}

/** What is asked of a client of Redis: those of ioredis and of node-redis fit, of a cluster, too. */
export type StageClient =
  | {
      hincrby(key: string, field: string, by: number): Promise<unknown>;
      hincrbyfloat(key: string, field: string, by: number): Promise<unknown>;
      expire(key: string, seconds: number): Promise<unknown>;
    }
  | {
      hIncrBy(key: string, field: string, by: number): Promise<unknown>;
      hIncrByFloat(key: string, field: string, by: number): Promise<unknown>;
      expire(key: string, seconds: number): Promise<unknown>;
    };

/** Counts of a stream that nobody works on any more go by themselves. */
const KEPT_SECONDS = 7 * 86_400;

const OUTCOMES: readonly StageOutcome[] = ['finished', 'failed', 'retried'];

/**
 * Counts what a consumer has done, so that `qctl serve` shows it: times by stage, retries, failures, one engine
 * against another. One exchange with Redis; docs/metrics.md has the same for other languages.
 *
 * Throws `usage` BAD_STAGE for names and times that cannot be counted; otherwise what the client throws. No message
 * should fail because it could not be counted: who does not want to wait catches it.
 */
export async function recordStage(client: StageClient, record: StageRecord): Promise<void> {
  const { stream, group, stage, engine, outcome } = record;
  checkRecord(record);
  const key = streamKeys(stream).stages(group);
  const name = stageName(stage, engine);
  const writes = [count(client, key, `${name}:${outcome}`)];
  if (outcome === 'finished') {
    // A clock that was set back is no reason to lose a message.
    const ms = Math.max(0, Math.round(record.ms * 1000) / 1000);
    writes.push(add(client, key, `${name}:ms`, ms), count(client, key, bucketField(name, ms)));
  }
  writes.push(client.expire(key, KEPT_SECONDS));
  await Promise.all(writes);
}

function count(client: StageClient, key: string, field: string): Promise<unknown> {
  return 'hincrby' in client ? client.hincrby(key, field, 1) : client.hIncrBy(key, field, 1);
}

function add(client: StageClient, key: string, field: string, by: number): Promise<unknown> {
  return 'hincrby' in client ? client.hincrbyfloat(key, field, by) : client.hIncrByFloat(key, field, by);
}

function checkRecord({ stage, engine, ms, outcome }: StageRecord): void {
  for (const [what, name] of [
    ['stage', stage],
    ['engine', engine],
  ] as const) {
    if (what === 'engine' && name === undefined) continue;
    if (typeof name === 'string' && isStageName(name)) continue;
    throw bad(`${JSON.stringify(name)} cannot be the name of ${what === 'stage' ? 'a stage' : 'an engine'}`, [
      'use up to 64 letters, digits, dots, dashes and underscores; never an id: each name is counted apart',
    ]);
  }
  if (!Number.isFinite(ms))
    throw bad(`${ms} is no time in ms`, ['give the time as a number of milliseconds']);
  if (!OUTCOMES.includes(outcome))
    throw bad(`${JSON.stringify(outcome)} is no outcome`, [`use ${OUTCOMES.join(', ')}`]);
}

function bad(what: string, hint: string[]): QctlError {
  return new QctlError('usage', what, { code: 'BAD_STAGE', hint });
}
