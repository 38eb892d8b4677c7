import { InvalidArgumentError, Option } from 'commander';
import {
  countCalls,
  type GeneratedCalls,
  type Outage,
  parseOutage,
  parsePercentage,
} from '../../src/breaker/index.ts';
import type { QctlCommand } from '../command.ts';
import { parseDuration, parseNonNegativeInteger, parsePositiveInteger, parseRate } from '../options.ts';
import { usageError } from '../stream-work.ts';

/** Flags of `breaker test`. */
export interface TestFlags {
  outcomes?: string;
  rate?: number;
  failureRate?: number;
  slowRate?: number;
  for?: number;
  outage?: Outage[];
  instances?: number;
  seed: number;
  set?: string[];
  try?: string[];
  offline?: boolean;
}

const GENERATED = ['failureRate', 'slowRate', 'for', 'outage', 'instances'];
const DEFAULT_RATE = 10;
const DEFAULT_FOR_MS = 600_000;
/** More would take minutes. */
const MOST_CALLS = 20_000_000;

/** Adds them. */
export function addTestOptions(command: QctlCommand): QctlCommand {
  const percentage = (flags: string, help: string) => new Option(flags, help).argParser(parseShare);
  const several = (text: string, before: string[] = []) => [...before, text];
  return command
    .addOption(new Option('--outcomes <path>', 'calls that were recorded; - is stdin').conflicts(GENERATED))
    .option('--rate <rate>', 'calls a second, made up or recorded without times (default: 10/s)', parseRate)
    .addOption(
      percentage('--failure-rate <percent>', 'share of calls that fail outside of outages (default: 0%)'),
    )
    .addOption(percentage('--slow-rate <percent>', 'share of calls that are slow (default: 0%)'))
    .option('--for <duration>', 'how long calls are made (default: 10m)', parseDuration)
    .option(
      '--outage <from+for[@percent]>',
      'all calls, or so many, fail: 2m+1m, 2m+1m@80% (repeatable)',
      addOutage,
    )
    .option('--instances <n>', 'processes that make the calls in turn (default: 1)', parsePositiveInteger)
    .option(
      '--seed <n>',
      'the same seed gives the same calls and jitter (default: 1)',
      parseNonNegativeInteger,
      1,
    )
    .option('--set <name=value>', 'another value of a setting (repeatable)', several)
    .option('--try <setting>', 'several values side by side, as NAME=VALUE,VALUE (repeatable)', several)
    .option('--offline', 'do not ask Redis for the settings in force');
}

function parseShare(text: string): number {
  const share = parsePercentage(text);
  if (share === undefined) throw new InvalidArgumentError('expected a share such as 30% or 0.5%');
  return share;
}

function addOutage(text: string, before: Outage[] = []): Outage[] {
  const outage = parseOutage(text);
  if (outage) return [...before, outage];
  throw new InvalidArgumentError('expected from+for, such as 2m+1m or 2m+1m@80%');
}

/** The calls that are made up. Without any trouble in the flags the dependency is away for a minute. */
export function generatedCalls(flags: TestFlags): GeneratedCalls {
  const {
    rate = DEFAULT_RATE,
    for: forMs = DEFAULT_FOR_MS,
    failureRate,
    slowRate,
    outage,
    instances = 1,
  } = flags;
  const calm = failureRate === undefined && slowRate === undefined && outage === undefined;
  const calls = {
    ...{ ratePerSecond: rate, forMs, failureRate: failureRate ?? 0, slowRate: slowRate ?? 0 },
    outages:
      outage ?? (calm ? [{ fromMs: forMs / 5, forMs: Math.min(60_000, forMs / 5), failureRate: 100 }] : []),
    ...{ instances, seed: flags.seed },
  };
  refuseOdd(calls);
  return calls;
}

function refuseOdd(calls: GeneratedCalls): void {
  const { forMs, outages } = calls;
  const total = countCalls(calls);
  if (total > MOST_CALLS)
    throw usageError(
      `${total} calls are too many`,
      'TOO_MANY_CALLS',
      `a lower --rate or a shorter --for: up to ${MOST_CALLS}`,
    );
  if (total === 0)
    throw usageError('--for is too short for a single call', 'NO_CALLS', 'a longer --for or a higher --rate');
  if (outages.some(({ fromMs }) => fromMs >= forMs))
    throw usageError(
      'an --outage begins after the last call',
      'OUTAGE_TOO_LATE',
      'a longer --for, or an earlier --outage',
    );
}
