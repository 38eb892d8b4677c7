import {
  type Consumer,
  chooseTarget,
  isIntact,
  type ReapRequest,
  readConsumers,
  refuseApart,
  requireConsumer,
} from '../../src/streams/index.ts';
import type { ChosenGroup } from '../chosen-streams.ts';
import type { Context } from '../context.ts';
import { noteLeftOut } from '../left-out.ts';
import type { ReapPlan } from './format-reap.ts';

/** What `consumer reap` is told. */
export interface ReapFlags {
  consumer?: string[];
  minIdle: number;
  to?: string;
  createConsumer?: boolean;
  maxDeliveries?: number;
  deadLetter?: string;
}

/** What is to be done in one group, as a plan and as the library takes it. */
export interface PreparedReap {
  plan: ReapPlan;
  request: ReapRequest;
  /** Named by the operator, and alive. */
  left: Consumer[];
}

/**
 * Plans for all groups before anything is done in one of them. A consumer that is named has to exist in
 * at least one. Throws what `requireConsumer`, `refuseApart` and `chooseTarget` do.
 */
export async function prepareReaps(
  context: Context,
  chosen: readonly ChosenGroup[],
  flags: ReapFlags,
): Promise<PreparedReap[]> {
  const redis = await context.redis();
  const groups: (ChosenGroup & { consumers: Consumer[] })[] = [];
  for (const one of chosen) {
    const consumers = await readConsumers(redis, one.facts.stream, one.groupFacts.group);
    groups.push({ ...one, consumers });
  }
  const all = groups.flatMap(({ consumers }) => consumers);
  for (const name of flags.consumer ?? []) requireConsumer(all, name, chosen[0]!.groupFacts.group);
  const away = chosenOf(all, flags).filter(({ idleMs }) => idleMs >= flags.minIdle);
  noteLeftOut(context, away.filter(({ consumer }) => !isIntact(consumer)).length, 'consumer');
  return Promise.all(groups.map((one) => prepare(context, one, one.consumers, flags)));
}

function chosenOf(consumers: readonly Consumer[], { consumer: names }: ReapFlags): Consumer[] {
  return consumers.filter(({ consumer }) => !names || names.includes(consumer));
}

async function prepare(
  context: Context,
  { settings, facts, groupFacts: { group } }: ChosenGroup,
  consumers: readonly Consumer[],
  flags: ReapFlags,
): Promise<PreparedReap> {
  const { stream } = facts;
  const { minIdle, consumer: names } = flags;
  const named = chosenOf(consumers, flags);
  const rescuer = names ? undefined : (flags.to ?? settings.claimTo);
  // What is not the name itself would empty and delete another consumer, or none.
  const away = ({ consumer, idleMs }: Consumer) => idleMs >= minIdle && isIntact(consumer);
  const dead = named.filter((one) => away(one) && one.consumer !== rescuer);
  const alive = named.filter(({ idleMs }) => idleMs < minIdle);
  const maxDeliveries = (flags.maxDeliveries ?? settings.maxDeliveries) || null;
  const deadLetter = flags.deadLetter ?? settings.deadLetter;
  if (maxDeliveries !== null) refuseApart(await context.redis(), stream, deadLetter);
  const needed = dead.some(({ pending }) => pending > 0);
  const choice = {
    ...{ stream, group, given: flags.to, configured: settings.claimTo, minIdleMs: minIdle },
    ...{ except: dead.map(({ consumer }) => consumer), create: flags.createConsumer === true },
  };
  const to = needed ? chooseTarget(consumers, choice) : null;
  return {
    plan: {
      ...{ stream, group, minIdleMs: minIdle, dead, to, maxDeliveries },
      alive: alive.map(({ consumer }) => consumer),
      deadLetterStream: maxDeliveries === null ? null : deadLetter,
    },
    request: {
      ...{ stream, group, to: to?.consumer ?? null, reason: 'max-deliveries' },
      ...{
        maxDeliveries: maxDeliveries ?? undefined,
        deadLetter: maxDeliveries === null ? stream : deadLetter,
      },
      legacy: facts.maxDeletedId === null,
    },
    left: names ? alive : [],
  };
}
