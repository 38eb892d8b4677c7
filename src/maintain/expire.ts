import { previousStreamId } from '../model/stream-id.ts';
import {
  checkPurgeRights,
  type DeadLetterChoice,
  type DeadLetterStream,
  firstNeeded,
  lookPatiently,
  type Position,
  purgeDeadLetters,
  resolveDeadLetters,
  type Survey,
  surveyDeadLetters,
} from '../streams/index.ts';
import { type PreparePart, type StreamLook, type StreamWork, workOf } from './stream-work.ts';

/** So many are looked for before they are deleted: a long list is got through in pieces. */
const AT_ONCE = 20_000;

/**
 * Deletes dead letters of a stream that died longer than `deadLetterTtl` ago. Those of other streams in the same
 * dead-letter stream stay, as do those of which nobody knows when they died, and what a group that works on the dead
 * letters has not finished. An import counts from when it was imported.
 */
export const prepareExpire: PreparePart = async (look, count) => {
  const { redis, settings, work } = look;
  const { stream, deadLetter, deadLetterTtlMs } = settings;
  if (deadLetterTtlMs === undefined || stream === deadLetter) return undefined;
  const facts = await lookPatiently(redis, deadLetter, work);
  if (!facts || facts.length === 0) return undefined;
  const needed = await firstNeeded(redis, facts);
  const ms = facts.timeMs - deadLetterTtlMs;
  // Ids rise with the time of death: nothing behind this one has to be looked at.
  const until: Position[] = [
    { kind: 'time', ms },
    { kind: 'id', id: previousStreamId(`${Math.max(0, ms) + 1}-0`)! },
  ];
  const last = needed && previousStreamId(needed.id);
  if (last) until.push({ kind: 'id', id: last });
  const dead = await shareOf(look);
  if (!dead) return undefined;
  const choice: DeadLetterChoice = { filter: { stream: asPattern(stream), until } };
  const note = needed ? `group ${needed.group} still needs ${needed.id} and what follows` : null;
  const plan = workOf('expire', stream, { deadLetter, note });
  const survey = count ? await surveyDeadLetters(redis, [dead], choice, work) : undefined;
  return {
    plan: survey ? { ...plan, ...agesOf(survey), count: survey.chosen } : plan,
    run: () => expire(look, dead, choice, plan),
  };
};

/** The dead-letter stream of one stream; what does not say where it comes from is its own unless others share it. */
async function shareOf({ redis, streams, settings }: StreamLook): Promise<DeadLetterStream | undefined> {
  const all = await resolveDeadLetters(redis, streams, settings.deadLetter);
  return all.find(({ stream }) => stream === settings.deadLetter);
}

/** The name itself, where it would be a pattern. */
function asPattern(name: string): string {
  return name.replace(/[\\*?[\]]/g, '\\$&');
}

async function expire(
  { redis, work }: StreamLook,
  dead: DeadLetterStream,
  choice: DeadLetterChoice,
  plan: StreamWork,
): Promise<StreamWork> {
  const done = { ...plan };
  for (let more = true; more; ) {
    const survey = await surveyDeadLetters(redis, [dead], { ...choice, limit: AT_ONCE }, work);
    if (survey.chosen === 0) break;
    await checkPurgeRights(redis, survey);
    const { purged, stopped, failure } = await purgeDeadLetters(redis, survey, choice, work);
    done.count += purged;
    const ages = agesOf(survey);
    done.oldestDeadAt ??= ages.oldestDeadAt;
    done.newestDeadAt = ages.newestDeadAt;
    if (stopped || failure) return { ...done, left: stopped, failure };
    more = survey.chosen === AT_ONCE;
  }
  return done;
}

function agesOf({ shares }: Survey): Pick<StreamWork, 'oldestDeadAt' | 'newestDeadAt'> {
  const { oldestDeadAt, newestDeadAt } = shares[0]!;
  return { oldestDeadAt, newestDeadAt };
}
