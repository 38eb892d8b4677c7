import { InvalidArgumentError, Option } from 'commander';
import { type Operation, OVERRIDE_MODES, type OverrideMode } from '../../src/breaker/index.ts';
import { dueMsOf } from '../../src/model/due.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import type { Change } from './change.ts';
import { addCreateOption, addSteerOptions, parseSpan, type SteerFlags, YEAR_MS } from './options.ts';
import { overrideText, secondText, stateText } from './standing-text.ts';
import { declaredOnCreation, steer } from './steer.ts';

interface HoldFlags extends SteerFlags {
  until?: number;
  for?: number;
  untilReleased?: boolean;
}

const DEFAULT_MS = 86_400_000;

const MODES = `
Modes:
  open      all calls are rejected
  closed    all calls pass; they are counted, and never open it
  disabled  all calls pass; nothing is counted
  observe   all calls pass; what it would have done is recorded

It never recovers by itself: it ends at its time, after 24h if none is given, or with release. It takes the
place of an override that is there. What the breaker knows goes on below it.`;

/** `qctl breaker hold MODE NAME… --reason TEXT`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerHold): QctlCommand {
  const command = createCommand(entry)
    .addOption(
      new Option('--until <time>', 'when it ends: RFC 3339, UTC where no zone is given')
        .argParser(parseTime)
        .conflicts(['for', 'untilReleased']),
    )
    .addOption(
      new Option('--for <duration>', 'how long (default: 24h)')
        .argParser(parseSpan)
        .conflicts('untilReleased'),
    )
    .option('--until-released', 'without an end')
    .addHelpText('after', MODES);
  command.registeredArguments[0]?.choices(OVERRIDE_MODES);
  addCreateOption(addSteerOptions(command, 'needed'));
  addExamples(command, [
    ["qctl breaker hold open 'wazuh-*' --for 2h --reason 'INC-4711: index rebuild'", 'keep all calls away'],
    [
      'qctl breaker hold closed mail --until 2026-11-22T06:00:00Z --reason "false alarms"',
      'let all calls pass',
    ],
    ['qctl breaker hold observe llm-api --until-released --reason "trying thresholds"', 'only watch'],
  ]);
  return command.action((mode: OverrideMode, names: string[], flags: HoldFlags) =>
    run(context, mode, names, flags),
  );
}

function parseTime(text: string): number {
  const ms = dueMsOf(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('expected a time such as 2026-11-22T06:00:00Z');
}

/** Carries it out. */
export function runBreakerHold(
  context: Context,
  mode: OverrideMode,
  names: string[],
  flags: HoldFlags,
): Promise<void> {
  return steer(context, {
    names,
    doing: 'hold breakers',
    reason: flags.reason,
    create: flags.create ?? false,
    operationFor: (target) => {
      refusePast(flags.until, target.view.nowMs);
      refuseFar(flags.until, target.view.nowMs);
      return { verb: 'hold', mode, ...endOf(flags), declared: declaredOnCreation(target) };
    },
    rowsOf: ({ name, prior, next }) => [
      { name, what: 'override', before: overrideText(prior.override), now: overrideText(next.override) },
    ],
    notesOf: (change) => belowIt(change),
  });
}

function endOf({
  until,
  for: forMs,
  untilReleased,
}: HoldFlags): Pick<Operation & { verb: 'hold' }, 'forMs' | 'untilMs'> {
  if (untilReleased) return {};
  return until === undefined ? { forMs: forMs ?? DEFAULT_MS } : { untilMs: until };
}

/** By the clock of Redis, which decides when it ends. */
function refusePast(untilMs: number | undefined, nowMs: number): void {
  if (untilMs === undefined || untilMs > nowMs) return;
  throw usageError(
    `--until ${secondText(untilMs)} is in the past`,
    'UNTIL_PAST',
    `by the clock of Redis it is ${secondText(nowMs)}`,
    'a time without a zone is UTC; --for 2h counts from now',
  );
}

function refuseFar(untilMs: number | undefined, nowMs: number): void {
  if (untilMs === undefined || untilMs - nowMs <= YEAR_MS) return;
  throw usageError(
    '--until is more than a year away',
    'UNTIL_FAR',
    '--until-released is for an override without an end',
  );
}

function belowIt({ next }: Change): string[] {
  const { override, state } = next;
  return override?.mode === 'closed' && state !== 'closed'
    ? [`below it the breaker is ${stateText(next)}`]
    : [];
}
