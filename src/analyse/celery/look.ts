import { redisFacts } from '../../backends/redis/index.ts';
import type { DrainSettings, DrainSource } from '../../drain/index.ts';
import type { Batch } from '../../model/batch.ts';
import type { Finding } from '../../model/finding.ts';
import type { Message } from '../../model/message.ts';
import { Interrupted, pause } from '../../model/patience.ts';
import {
  CelerySource,
  lackingRights,
  queueFindings,
  readUnacked,
  waitingClients,
} from '../../sources/celery/index.ts';
import { type Figure, figure, UNKNOWN } from '../figure.ts';
import type { LookOptions, SourceLook } from '../look.ts';
import type { CelerySourceFacts } from './facts.ts';
import { factsOf, type Trend, typesOf } from './facts-of.ts';
import { surveyFindings } from './findings.ts';
import { type Survey, survey } from './survey.ts';

/**
 * Looks at a queue of Celery: its lists, what workers hold of it, and its broker. Takes nothing.
 *
 * @throws QctlError `source` where the broker cannot be looked at
 * @throws Interrupted where the signal ends it
 */
export async function lookAtCelery(
  { connection, spec }: Extract<DrainSource, { kind: 'celery' }>,
  settings: DrainSettings,
  options: LookOptions,
): Promise<SourceLook<CelerySourceFacts>> {
  const source = await CelerySource.look(connection, spec);
  try {
    return await look(source, settings, options);
  } finally {
    await source.close();
  }
}

async function look(
  source: CelerySource,
  settings: DrainSettings,
  options: LookOptions,
): Promise<SourceLook<CelerySourceFacts>> {
  const { broker, keys, spec, database } = source;
  const server = await broker.ask('look at the broker', () => redisFacts(broker.connection));
  const nowMs = server.timeMs ?? Date.now();
  const lacking = await lackingRights(broker, keys, spec);
  const found = await survey(source, nowMs);
  const unacked = await readUnacked(broker, keys, spec);
  const workers = await waitingClients(broker, database);
  const trend = options.observeMs > 0 ? await observe(source, options) : null;
  const lengths = await source.lengths();
  const facts = factsOf(source, { server, nowMs, found, unacked, workers, trend, lengths });
  return {
    label: source.label,
    facts,
    findings: [
      ...rightsFindings(lacking),
      ...(await queueFindings(broker, keys, spec, database)),
      // Whoever may not look at the lists of runs does not learn whether one holds something.
      ...(lacking ? [] : await source.othersClaims(NO_RUN)),
      ...surveyFindings(facts, found, settings),
    ],
    ...(await wantedOf(source, found)),
    arrivalPerSecond:
      trend && trend.growthPerSecond > 0 && workers?.length === 0 ? trend.growthPerSecond : null,
    completionPerSecond: null,
    oldestAt: null,
    types: typesOf(found, unacked),
    notCarried: NOT_CARRIED,
  };
}

const NOT_CARRIED = [
  'The results: what a caller waits for is in the result backend, which the consumers of the stream have to write to themselves.',
  'Revoked tasks: workers keep their ids in memory, and consumers of the stream do not know them.',
];

function rightsFindings(lacking: Awaited<ReturnType<typeof lackingRights>>): Finding[] {
  return (lacking?.missing ?? []).map((text) => ({
    level: 'blocker',
    code: 'MISSING_RIGHT',
    text: `the broker refuses ${text}`,
    remedy: lacking!.grant,
  }));
}

/** No run has this name: whoever holds messages is another one. */
const NO_RUN = '-';

/** What a drain of this selection would take. */
async function wantedOf(source: CelerySource, found: Survey): Promise<{ backlog: Figure; sample: Batch[] }> {
  const { types, filter } = source.spec;
  if (types === undefined && filter === undefined)
    return { backlog: figure(found.total, 'counted'), sample: [batchOf(found.sample)] };
  const { ready } = await source.depth();
  const wanted = found.sample.filter((message) => source.wants(message));
  return { backlog: ready === null ? UNKNOWN : figure(ready, 'counted'), sample: [batchOf(wanted)] };
}

function batchOf(messages: Message[]): Batch {
  return {
    count: messages.length,
    bytes: messages.reduce((sum, { body }) => sum + (body?.length ?? 0), 0),
    rows: null,
    messages: () => messages,
    mark: { kind: 'ledger', deadlineMs: Number.POSITIVE_INFINITY },
  };
}

/** Two looks at the lengths. A queue that workers and producers share tells only the difference. */
async function observe(
  source: CelerySource,
  { observeMs, signal = new AbortController().signal }: LookOptions,
): Promise<Trend> {
  const sum = (lengths: number[]): number => lengths.reduce((all, length) => all + length, 0);
  const [before, begun] = [sum(await source.lengths()), performance.now()];
  await pause(observeMs, signal);
  if (signal.aborted) throw new Interrupted();
  const observedMs = performance.now() - begun;
  const growth = ((sum(await source.lengths()) - before) * 1000) / observedMs;
  return { growthPerSecond: Math.round(growth * 10) / 10, observedMs: Math.round(observedMs) };
}
