import type { BackDrain, CutoverHost, ForwardDrain } from '../../src/cutover/index.ts';
import type { DrainRequest } from '../../src/drain/index.ts';
import { canAsk } from '../confirm.ts';
import { unknownSource } from '../connections.ts';
import type { Context } from '../context.ts';
import { defined } from '../defined.ts';
import { celeryRequest } from '../drain/celery.ts';
import { postgresRequest } from '../drain/postgres.ts';
import { backRequest } from '../drain/redis.ts';
import { sqsRequest } from '../drain/sqs.ts';
import { metricDoors } from '../metric-doors.ts';
import { operatorHere } from '../operator.ts';

/** What a cutover may touch: the connections of this configuration, this environment, this terminal. */
export async function cutoverHost(context: Context): Promise<CutoverHost> {
  const { createMeasure } = await import('../../src/metrics/index.ts');
  const doors = {
    ...metricDoors(context),
    drainRequest: (drain: ForwardDrain) => forwardRequest(context, drain),
  };
  return {
    ...doors,
    sources: async () => (await context.config()).sources,
    streams: async () => (await context.config()).streams,
    backRequest: (drain) => wayBack(context, drain),
    measure: createMeasure(doors),
    operator: operatorHere(),
    ...(canAsk(context) && { ask: asker(context) }),
    now: () => context.now(),
  };
}

function asker(context: Context): CutoverHost['ask'] {
  return async (question, signal) => (await context.askMeanwhile(question, signal)) ?? false;
}

/** As `qctl drain SOURCE` would ask for it. */
async function forwardRequest(context: Context, drain: ForwardDrain): Promise<DrainRequest> {
  const { sources, profile, profiles } = await context.config();
  const source = sources[drain.source];
  if (!source) throw unknownSource(drain.source, Object.keys(sources), profile, profiles);
  const flags = {
    ...defined({
      stream: drain.stream,
      partitions: drain.partitions,
      durability: drain.durability,
      types: drain.types,
      limit: drain.limit,
      rate: drain.ratePerSecond === undefined ? undefined : { messages: drain.ratePerSecond },
      settle: drain.settleMs,
      archive: drain.archive,
    }),
    verify: true,
  };
  if (source.kind === 'celery') return celeryRequest(context, drain.source, flags);
  return source.kind === 'sqs'
    ? sqsRequest(context, drain.source, { ...flags, ...defined({ wait: drain.waitMs }) })
    : postgresRequest(context, drain.source, flags);
}

/** As `qctl drain redis --to SOURCE` would ask for it. */
async function wayBack(context: Context, drain: BackDrain): ReturnType<CutoverHost['backRequest']> {
  const { sources, streams, profile, profiles } = await context.config();
  if (!sources[drain.to]) throw unknownSource(drain.to, Object.keys(sources), profile, profiles);
  const flags = {
    stream: drain.stream,
    group: drain.group,
    to: drain.to,
    ...defined({
      partitions: drain.partitions,
      from: drain.from,
      minIdle: drain.minIdleMs,
      allowActive: drain.allowActive,
      body: drain.other?.body,
      whole: drain.other?.whole,
    }),
    marks: true,
    verify: true,
  };
  return { request: await backRequest(context, flags), streams };
}
