import { QctlError } from '../errors.ts';
import { formatDuration } from '../model/duration.ts';
import { isIntact } from '../model/intact.ts';
import { shortList } from '../model/short-list.ts';
import type { Consumer } from './consumers.ts';

/** Who is to take entries over, and on what grounds. */
export interface ClaimTarget {
  consumer: string;
  /** `given` by the operator, `configured`, or the consumer that was seen most lately. */
  chosen: 'given' | 'configured' | 'latest';
  exists: boolean;
  idleMs: number | null;
}

/** What {@link chooseTarget} chooses by. */
export interface TargetChoice {
  stream: string;
  group: string;
  given?: string;
  configured?: string;
  /** Whoever has been away for longer is not chosen. */
  minIdleMs: number;
  /** These lose their entries: none of them is chosen. */
  except?: readonly string[];
  /** Allows a consumer that does not exist yet. */
  create: boolean;
}

/**
 * The consumer that takes entries over. Throws `refused` where nobody is there to do so, or where the
 * name is unknown or no UTF-8 text: entries claimed for a name that nobody reads with are stuck again.
 */
export function chooseTarget(consumers: readonly Consumer[], choice: TargetChoice): ClaimTarget {
  const { given, configured, except = [], create } = choice;
  const name = given ?? configured;
  if (name === undefined) return latest(consumers, choice);
  if (!isIntact(name)) throw notIntact(name);
  if (except.includes(name)) throw sameConsumer(name);
  const found = consumers.find(({ consumer }) => consumer === name);
  if (!found && !create) throw unknownConsumer(name, choice, consumers);
  return {
    consumer: name,
    chosen: given === undefined ? 'configured' : 'given',
    exists: found !== undefined,
    idleMs: found?.idleMs ?? null,
  };
}

function latest(
  consumers: readonly Consumer[],
  { stream, group, minIdleMs, except = [] }: TargetChoice,
): ClaimTarget {
  const alive = consumers.filter(
    ({ consumer, idleMs }) => idleMs < minIdleMs && !except.includes(consumer) && isIntact(consumer),
  );
  const [first] = alive.sort((a, b) => a.idleMs - b.idleMs);
  if (first) return { consumer: first.consumer, chosen: 'latest', exists: true, idleMs: first.idleMs };
  throw new QctlError(
    'refused',
    `no consumer of group ${group} of ${stream} was seen in the last ${formatDuration(minIdleMs)}: nobody would process the entries`,
    {
      code: 'NO_ACTIVE_CONSUMER',
      hint: ['start one and try again, or name one with --to'],
      details: { stream, group, consumers: consumers.map(({ consumer }) => consumer) },
    },
  );
}

function sameConsumer(name: string): QctlError {
  return new QctlError('refused', `${name} cannot take its own entries over`, {
    code: 'SAME_CONSUMER',
    hint: ['name another consumer with --to'],
    details: { consumer: name },
  });
}

function notIntact(name: string): QctlError {
  return new QctlError(
    'refused',
    `${name} is not the name of a consumer as Redis has it: that is no UTF-8 text`,
    {
      code: 'CONSUMER_NOT_TEXT',
      hint: ['entries claimed for it would go to a consumer that nobody reads with; name another with --to'],
      details: { consumer: name },
    },
  );
}

function unknownConsumer(
  name: string,
  { stream, group, minIdleMs }: TargetChoice,
  consumers: readonly Consumer[],
): QctlError {
  const alive = consumers
    .filter(({ consumer, idleMs }) => idleMs < minIdleMs && isIntact(consumer))
    .map(({ consumer }) => consumer);
  const known = alive.length > 0 ? `active ones: ${shortList(alive)}` : 'none is active at present';
  return new QctlError('refused', `group ${group} of ${stream} has no consumer ${name}`, {
    code: 'CONSUMER_UNKNOWN',
    hint: [known, '--create-consumer claims for one that is yet to start'],
    details: { stream, group, consumer: name },
  });
}
