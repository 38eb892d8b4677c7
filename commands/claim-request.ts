import { parseStreamId } from '../src/model/stream-id.ts';
import {
  type ClaimRequest,
  type ClaimTarget,
  type Consumer,
  chooseTarget,
  type GroupFacts,
  readConsumers,
  refuseApart,
  type StreamFacts,
} from '../src/streams/index.ts';
import type { ChosenGroup } from './chosen-streams.ts';
import type { Context } from './context.ts';
import { usageError } from './stream-work.ts';

/** The flags of `qctl claim`. */
export interface ClaimFlags {
  to?: string;
  minIdle?: number;
  id?: string[];
  from?: string;
  maxDeliveries?: number;
  deadLetter?: string;
  reason: string;
  createConsumer?: boolean;
}

/** A claim that was checked and may be planned and carried out. */
export interface PreparedClaim {
  facts: StreamFacts;
  groupFacts: GroupFacts;
  consumers: Consumer[];
  request: ClaimRequest;
  /** Null where nothing is pending: nobody is needed. */
  target: ClaimTarget | null;
}

const MIN_IDLE_MS = 300_000;

/**
 * From flags, conventions and what Redis says to a request; refuses what makes no sense before anything changes.
 *
 * @param alone of several streams one where nothing is pending need not know the consumer that is named
 */
export async function prepareClaim(
  context: Context,
  { settings, facts, groupFacts }: ChosenGroup,
  flags: ClaimFlags,
  alone: boolean,
): Promise<PreparedClaim> {
  const ids = flags.id && checkedIds(flags.id);
  if (ids && flags.from !== undefined)
    throw usageError('--id and --from exclude each other', 'CLAIM_WHAT', 'name ids, or a consumer');
  const redis = await context.redis();
  const { stream } = settings;
  const minIdleMs = flags.minIdle ?? settings.minIdleMs ?? MIN_IDLE_MS;
  const maxDeliveries = flags.maxDeliveries ?? settings.maxDeliveries;
  const deadLetter = flags.deadLetter ?? settings.deadLetter;
  if (maxDeliveries) refuseApart(redis, stream, deadLetter);
  const consumers = await readConsumers(redis, stream, groupFacts.group);
  const choice = {
    ...{ stream, group: groupFacts.group, given: flags.to, configured: settings.claimTo, minIdleMs },
    ...{ except: flags.from === undefined ? [] : [flags.from], create: flags.createConsumer === true },
  };
  const needed = groupFacts.pending > 0 || (flags.to !== undefined && alone);
  const target = needed ? chooseTarget(consumers, choice) : null;
  const to = target?.consumer ?? '';
  const request: ClaimRequest = {
    ...{ stream, group: groupFacts.group, to, minIdleMs, deadLetter, reason: flags.reason },
    ...{ ids, from: flags.from, maxDeliveries: maxDeliveries || undefined },
    legacy: facts.maxDeletedId === null,
  };
  return { facts, groupFacts, consumers, request, target };
}

function checkedIds(ids: readonly string[]): string[] {
  const bad = ids.find((id) => !/^\d+-\d+$/.test(id) || !parseStreamId(id));
  if (bad === undefined) return [...new Set(ids)];
  throw usageError(`${bad} is no id of an entry`, 'BAD_ID', 'write whole ids such as 1763721600000-0');
}
