import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../../backends/redis/index.ts';
import { takeLock } from '../../backends/redis/scripts/take-lock.ts';
import { QctlError } from '../../errors.ts';
import { lockKey, partitionKeys } from '../../model/keys.ts';
import { newRunId } from '../../model/run-id.ts';
import { laneKeys } from '../../sources/redis-stream/index.ts';
import { type Difference, differences, differenceText } from '../differences.ts';
import type { Kept } from '../expiry.ts';
import { isSame, type Manifest } from '../manifest.ts';
import { viewRun } from '../membership.ts';
import { RunStore } from '../run-store.ts';
import type { BackRequest } from './request.ts';

/** What is kept of a run of the way back, besides what every run has. */
export interface BackManifest extends Omit<Manifest, 'mode' | 'source'> {
  mode: 'back';
  source: { kind: 'redis'; name: string; label: string };
  back: {
    group: string;
    from: string | null;
    to: 'postgres' | 'sqs';
    destination: string;
    ledger: string | null;
  };
}

/** The manifest of a run of the way back; undefined for that of any other run. */
export function asBack(manifest: Manifest): BackManifest | undefined {
  return (manifest.mode as string) === 'back' ? (manifest as unknown as BackManifest) : undefined;
}

/** What this call means: a new run, or more of an unfinished one. */
export interface BackAttachment {
  manifest: BackManifest;
  kind: 'new' | 'continue' | 'join';
  /** The lock's holder so far; it becomes this run. */
  replaces: string;
  /** An unfinished run that is given up, because --fresh was asked for. */
  abandons: string | undefined;
}

/** What both ends say of themselves. */
export interface BackEnds {
  redisLabel: string;
  destination: { label: string; identity: string; ledger: string | null };
}

/** Finds out what this call means. Reads only; refuses what would go to two places (exit 3), or names who is at work (exit 10). */
export async function attachBack(
  client: Redis | Cluster,
  request: BackRequest,
  ends: BackEnds,
  now: Date,
): Promise<BackAttachment> {
  const fresh = manifestOf(request, ends, now);
  const holder = (await client.hget(lockOf(request), 'holder')) ?? '';
  const last = holder === '' ? undefined : await new RunStore(client).load(holder);
  if (last?.state !== 'running')
    return { manifest: fresh, kind: 'new', replaces: holder, abandons: undefined };
  const before = asBack(last.manifest)!;
  const alive = [...(await viewRun(client, holder)).alive.values()].map(
    ({ pid, host }) => `pid ${pid} on ${host}`,
  );
  const same = isSame(before.context, fresh.context);
  if (alive.length > 0 && (request.settings.fresh || !same)) throw heldBy(holder, alive);
  if (request.settings.fresh) return { manifest: fresh, kind: 'new', replaces: holder, abandons: holder };
  if (!same) throw contextChanged(holder, differences(before.context, fresh.context));
  // Where it begins may be another from one call to the next; the rest is the run's own.
  const manifest = { ...before, back: { ...before.back, from: fresh.back.from } };
  return { manifest, kind: alive.length > 0 ? 'join' : 'continue', replaces: holder, abandons: undefined };
}

/** Makes the group this run's. Throws `locked` where another run was faster. */
export async function lockGroup(
  client: Redis | Cluster,
  { manifest, replaces }: BackAttachment,
  request: BackRequest,
  now: Date,
): Promise<void> {
  const args = [manifest.run, replaces, hostname(), `way back by ${request.startedBy}`, now.toISOString()];
  const [taken, found] = (await runScript(client, takeLock, [lockOf(request)], args)) as [number, string];
  if (taken !== 1) throw heldBy(found, []);
}

/** Two runs of one group would each give the same entries back. */
function lockOf({ source }: BackRequest): string {
  return lockKey(lockName(source));
}

const lockName = ({ stream, group }: { stream: string; group: string }): string => `back:${stream}/${group}`;

/** What is kept of a way back. */
export function keptOf({ run, target, back }: BackManifest): Kept {
  const keys = partitionKeys(target.stream, target.partitions).flatMap((stream) =>
    Object.values(laneKeys(stream, run)),
  );
  return { run, lock: lockName({ stream: target.stream, group: back.group }), keys };
}

function contextChanged(run: string, changed: Difference[]): QctlError {
  return new QctlError(
    'refused',
    `unfinished run ${run} of this group went elsewhere: ${changed.map(differenceText).join('; ')}`,
    {
      code: 'RUN_CONTEXT_CHANGED',
      hint: [
        `repeat its own command to finish it (qctl drain status ${run})`,
        'or give it up with --fresh: what it had in hand may then stand in both places, and is named',
      ],
      details: { run, changed },
    },
  );
}

function heldBy(run: string, alive: string[]): QctlError {
  return new QctlError(
    'locked',
    `the group is being given back by run ${run}${alive.length > 0 ? `: ${alive.join(', ')}` : ''}`,
    { code: 'GROUP_LOCKED', hint: [`qctl drain status ${run}`, 'wait for it, or stop it'], details: { run } },
  );
}

function manifestOf(request: BackRequest, ends: BackEnds, now: Date): BackManifest {
  const { source, target } = request;
  const { stream, partitions, group } = source;
  const run = newRunId(`back-${stream}`, now, randomUUID());
  const { destination } = ends;
  return {
    run,
    createdAt: now.toISOString(),
    startedBy: request.startedBy,
    sourceIdentity: `redis:${stream}/${group}`,
    source: { kind: 'redis', name: stream, label: `${ends.redisLabel} stream ${stream} group ${group}` },
    target: { label: destination.label, stream, partitions },
    mode: 'back',
    lanes: partitions,
    ledgerRun: run,
    context: {
      source: { stream, partitions, group },
      target: destination.identity,
      format: destination.ledger,
      mapping: null,
    },
    spec: target.kind === 'postgres' ? target.spec : null,
    fields: null,
    back: {
      group,
      from: source.from ?? null,
      to: target.kind,
      destination: destination.identity,
      ledger: destination.ledger,
    },
  };
}
