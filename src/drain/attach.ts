import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { takeLock } from '../backends/redis/scripts/take-lock.ts';
import { QctlError } from '../errors.ts';
import { lockKey } from '../model/keys.ts';
import { newRunId } from '../model/run-id.ts';
import { expired, heldBy, refuseChanged } from './attach-refusals.ts';
import { differences, differenceText } from './differences.ts';
import { canonical, chosenOf, contextOf, isSame, type Manifest } from './manifest.ts';
import { viewRun } from './membership.ts';
import { WAY_BACK } from './opposite.ts';
import type { DrainRequest, DrainSource } from './request.ts';
import { type RunRecord, RunStore } from './run-store.ts';

/** What this call means: a new run, the next one after a finished one, or more of an unfinished one. */
export interface Attachment {
  manifest: Manifest;
  kind: 'new' | 'continue' | 'join';
  /** The lock's holder so far; it becomes this run. */
  replaces: string;
  /** An unfinished run to be closed first: --fresh was asked for, or what it brought has gone back since. */
  abandon: RunRecord | undefined;
  /** The way back because of which it is closed. */
  returnedBy?: string;
  /** The boundary that the run has so far (RFC 3339); null: none. */
  before: string | null;
}

/** What the sources and the target say of themselves. */
export interface Ends {
  sourceIdentity: string;
  sourceLabel: string;
  targetLabel: string;
}

/** Finds out what this call means. Reads only; refuses (exit 3) or names who holds the source (exit 10). */
export async function attach(
  client: Redis | Cluster,
  request: DrainRequest,
  ends: Ends,
  now: Date,
): Promise<Attachment> {
  const store = new RunStore(client);
  const lock = lockFor(ends.sourceIdentity);
  const [held, expires, back, since] = await client.hmget(lock, 'holder', 'expires', WAY_BACK, 'since');
  const holder = held ?? '';
  const last = holder ? await recordOf(store, holder, since) : undefined;
  const fresh = manifestOf(request, ends, now);
  const { resume } = request.settings;
  if (resume !== undefined) return resumeNamed(client, await store.require(resume), { holder, fresh, back });
  if (!last) {
    // A copy leaves its rows in the table: without its position they would be appended once more.
    if (holder && expires === holder && fresh.mode === 'copy' && !request.settings.fresh)
      throw expired(holder);
    return { manifest: fresh, kind: 'new', replaces: holder, abandon: undefined, before: null };
  }
  return last.state === 'running'
    ? unfinished(client, request, last, { fresh, back })
    : afterFinished(last, fresh, request);
}

/** A lock that is as young as this may be that of a run which is just being begun: its record comes last. */
const YOUNG_MS = 60_000;
const BEGINNING_MS = 3_000;

/** What is known of the holder of a lock; undefined where nothing is, for which one that has just begun gets some time. */
async function recordOf(
  store: RunStore,
  holder: string,
  since: string | null | undefined,
): Promise<RunRecord | undefined> {
  const isYoung = Math.abs(Date.now() - Date.parse(since ?? '')) < YOUNG_MS;
  const until = performance.now() + (isYoung ? BEGINNING_MS : 0);
  for (;;) {
    const record = await store.load(holder);
    if (record || performance.now() >= until) return record;
    await sleep(50);
  }
}

/** The lock that keeps two different runs off one source. */
export function lockFor(sourceIdentity: string): string {
  return lockKey(`drain:${sourceIdentity}`);
}

/** Makes the source this run's. Throws `locked` where another run was faster. */
export async function lockSource(
  client: Redis | Cluster,
  attachment: Attachment,
  request: DrainRequest,
  now: Date,
): Promise<void> {
  const { run, sourceIdentity } = attachment.manifest;
  const args = lockArgs(run, attachment.replaces, request, now);
  const [taken, found] = (await runScript(client, takeLock, [lockFor(sourceIdentity)], args)) as [
    number,
    string,
  ];
  if (taken !== 1) throw heldBy(found, []);
}

/** What `take-lock` is called with: who wants it, and whom it may replace. */
export function lockArgs(run: string, replaces: string, request: DrainRequest, now: Date): string[] {
  return [run, replaces, hostname(), `drain by ${request.startedBy}`, now.toISOString()];
}

async function resumeNamed(
  client: Redis | Cluster,
  record: RunRecord,
  { holder, fresh, back }: { holder: string; fresh: Manifest; back: string | null | undefined },
): Promise<Attachment> {
  const { run } = record.manifest;
  if (record.state === 'abandoned') {
    throw new QctlError('refused', `run ${run} was replaced by a later one and cannot be continued`, {
      code: 'RUN_ABANDONED',
      hint: ['qctl drain list'],
    });
  }
  refuseChanged(record.manifest, fresh);
  if (holder !== run)
    throw new QctlError('refused', `run ${run} is not the source's last one, ${holder || 'none'} is`, {
      code: 'RUN_NOT_LATEST',
      hint: [`--resume ${holder}`],
    });
  if (back && wasReturned(record))
    throw new QctlError('refused', `run ${back} has given messages of run ${run} back since`, {
      code: 'RUN_RETURNED',
      hint: ['leave out --resume: a new run begins, so that none of them counts twice'],
    });
  return {
    manifest: record.manifest,
    kind: await continueOrJoin(client, run),
    replaces: run,
    abandon: undefined,
    before: record.before,
  };
}

async function unfinished(
  client: Redis | Cluster,
  request: DrainRequest,
  last: RunRecord,
  { fresh, back }: { fresh: Manifest; back: string | null | undefined },
): Promise<Attachment> {
  const { run } = last.manifest;
  const view = await viewRun(client, run);
  const alive = [...view.alive.values()].map((info) => `pid ${info.pid} on ${info.host} since ${info.since}`);
  const same = isSame(last.manifest.context, fresh.context);
  if (alive.length > 0 && (request.settings.fresh || !same))
    throw heldBy(run, alive, differences(last.manifest.context, fresh.context).map(differenceText));
  const returnedBy = back && alive.length === 0 && wasReturned(last) ? back : undefined;
  if (request.settings.fresh || returnedBy !== undefined)
    return {
      manifest: withLedgerOf(last.manifest, fresh),
      kind: 'new',
      replaces: run,
      abandon: last,
      returnedBy,
      before: null,
    };
  refuseChanged(last.manifest, fresh);
  return {
    manifest: last.manifest,
    kind: alive.length > 0 ? 'join' : 'continue',
    replaces: run,
    abandon: undefined,
    before: last.before,
  };
}

/** What a move took out of its source comes anew; a copy goes on by its position, whatever has come back. */
function wasReturned({ manifest, state }: RunRecord): boolean {
  return state === 'running' && manifest.mode === 'move';
}

/**
 * After a finished run the next begins. Copy mode goes on in the same one, from where it stood;
 * an SQS run of the same stream goes on with the ledger, which still knows what may be redelivered.
 */
function afterFinished(last: RunRecord, fresh: Manifest, request: DrainRequest): Attachment {
  const replaces = last.manifest.run;
  const same = isSame(last.manifest.context, fresh.context);
  if (same && fresh.mode === 'copy' && !request.settings.fresh && last.state === 'done') {
    return { manifest: last.manifest, kind: 'continue', replaces, abandon: undefined, before: last.before };
  }
  return {
    manifest: withLedgerOf(last.manifest, fresh),
    kind: 'new',
    replaces,
    abandon: undefined,
    before: null,
  };
}

/** What the last run knows of messages that may be redelivered must not be lost with it. */
function withLedgerOf(last: Manifest, fresh: Manifest): Manifest {
  if (fresh.lanes > 0) return fresh;
  const { stream, partitions } = last.target;
  if (canonical(last.context.target) === canonical(fresh.context.target))
    return { ...fresh, ledgerRun: last.ledgerRun, elsewhere: last.elsewhere };
  return {
    ...fresh,
    elsewhere: [...(last.elsewhere ?? []), { stream, partitions, ledgerRun: last.ledgerRun }],
  };
}

async function continueOrJoin(client: Redis | Cluster, run: string): Promise<'continue' | 'join'> {
  return (await viewRun(client, run)).alive.size > 0 ? 'join' : 'continue';
}

function manifestOf(request: DrainRequest, ends: Ends, now: Date): Manifest {
  const { source, target, settings } = request;
  const run = newRunId(source.name, now, randomUUID());
  return {
    run,
    createdAt: now.toISOString(),
    startedBy: request.startedBy,
    sourceIdentity: ends.sourceIdentity,
    source: { kind: source.kind, name: source.name, label: ends.sourceLabel },
    target: { label: ends.targetLabel, stream: target.stream, partitions: target.partitions },
    mode: modeOf(source),
    lanes: lanesOf(source, settings),
    ledgerRun: run,
    context: contextOf(request, ends.sourceIdentity),
    spec: chosenOf(source),
    fields: target.fields ?? null,
  };
}

/** 0: the ledger works without. A queue of Celery keeps its order in one. */
function lanesOf({ kind }: DrainSource, { workers }: DrainRequest['settings']): number {
  if (kind === 'sqs') return 0;
  return kind === 'celery' ? 1 : workers;
}

function modeOf(source: DrainSource): 'move' | 'copy' {
  if (source.kind === 'postgres') return source.spec.mode;
  return source.kind === 'archive' ? 'copy' : 'move';
}
