import { type BreakerEvent, readEvents, thresholdsOf } from '../../src/breaker/index.ts';
import { isPattern } from '../../src/config/streams.ts';
import { askRedis } from '../ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';
import { requireChosen, type ShownBreaker } from './chosen.ts';
import { warnUnreadable } from './configured.ts';
import { formatBreaker } from './format-show.ts';
import { settingsInForce } from './setting-origins.ts';
import { breakerToJson, eventToJson, timeOf } from './to-json.ts';
import { warnForgotten } from './warn-forgotten.ts';

/** So many of its last events are shown. */
const EVENTS = 5;

/** `qctl breaker show NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerShow): QctlCommand {
  const command = createCommand(entry);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl breaker show wazuh-api', 'why it is open, and when it will let a call through'],
    ['qctl breaker show wazuh-api --watch', 'its counts and thresholds, again and again'],
  ]);
  return command.action((name: string) => run(context, name));
}

/** Carries it out. */
export async function runBreakerShow(context: Context, name: string): Promise<void> {
  const { io, options } = context;
  if (isPattern(name))
    throw usageError(
      `${name} is a pattern, one breaker is shown`,
      'BREAKER_SEVERAL',
      `run 'qctl breaker list'`,
    );
  const { breakers } = await requireChosen(context, [name]);
  const breaker = breakers[0]!;
  const redis = await context.redis();
  const events = await askRedis(redis, `read the events of breaker ${name}`, () =>
    readEvents(redis, { wanted: (one) => one === name, limit: EVENTS }),
  );
  await renderResult(io, options, {
    type: 'breaker-detail',
    data: toJson(breaker, events),
    table: () => formatBreaker(io.stdout, breaker, events),
  });
  await warnUnreadable(context);
  warnForgotten(context, breakers);
}

function toJson(breaker: ShownBreaker, events: readonly BreakerEvent[]): object {
  const { setBy, setHost, setAtMs, setReason, counts, settings } = breaker;
  const inForce = settingsInForce(breaker).map(({ key, value, from }) => [key, { value, from }]);
  return {
    ...breakerToJson(breaker),
    settings: Object.fromEntries(inForce),
    settingsSet:
      setAtMs === null ? null : { by: setBy, host: setHost, at: timeOf(setAtMs), reason: setReason },
    thresholds: thresholdsOf(settings, counts),
    events: events.map(eventToJson),
  };
}
