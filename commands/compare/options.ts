import { InvalidArgumentError } from 'commander';
import { THRESHOLD_NAMES } from '../../src/compare/index.ts';
import type { QctlCommand } from '../command.ts';
import { parseDuration, parseNonNegativeInteger } from '../options.ts';

/** The flags of `compare`. */
export interface CompareFlags {
  old: string;
  new: string;
  old2?: string;
  key: string[];
  from?: string;
  to?: string;
  oldFrom?: string;
  oldTo?: string;
  newFrom?: string;
  newTo?: string;
  old2From?: string;
  old2To?: string;
  oldTable?: string;
  newTable?: string;
  old2Table?: string;
  oldQuery?: string;
  newQuery?: string;
  old2Query?: string;
  columns?: string;
  time?: string;
  started?: string;
  error?: string;
  ignore?: string[];
  known?: string[];
  tolerance?: string[];
  unordered?: string[];
  looseTypes?: boolean;
  lateAfter?: number;
  for?: number;
  noiseRelative?: number;
  noiseAbsolute?: number;
  failOn?: string[];
  require?: string[];
  minMatched?: number;
  sample?: number;
  showValues?: boolean;
  dedupe?: boolean;
}

const SIDES =
  '\nA side is redis:STREAM (its partitions, or all streams of a pattern), postgres:SOURCE (a source of qctl.yaml;\nwithout a name the database of --postgres-url) or file:PATH (lines of JSON, also .gz; - is stdin).';

const COUNTING =
  '\nEach key is in one place: matched, ignored, mismatched, noise, missing (only old), extra (only new), pending (too young to\nbe missed), or an error of one side. Values in the sample are shown as type and length; --show-values shows them.';

/** Adds them. */
export function addCompareOptions(command: QctlCommand): QctlCommand {
  command
    .requiredOption('--old <side>', 'what the old side made')
    .requiredOption('--new <side>', 'what the new side made')
    .requiredOption(
      '--key <field>',
      'field or JMESPath that both sides share; several make one key',
      collected,
    )
    .option('--old2 <side>', 'the old side once more: what differs between the two is noise');
  addRanges(command);
  addRules(command);
  addThresholds(command);
  return command.addHelpText('after', `${SIDES}\n${COUNTING}\n\n${namesText()}`);
}

function addRanges(command: QctlCommand): void {
  command
    .option('--from <position>', 'streams: begin at an id, a time, or 10m ago (default: the start)')
    .option('--to <position>', 'streams: end there (default: the last entry)');
  for (const side of ['old', 'new', 'old2'] as const) {
    command
      .option(`--${side}-from <position>`, `the same for --${side} alone`)
      .option(`--${side}-to <position>`, `the same for --${side} alone`)
      .option(`--${side}-table <table>`, 'PostgreSQL: the table (default: that of the source)')
      .option(`--${side}-query <select>`, 'PostgreSQL: a SELECT in its place');
  }
  command
    .option('--columns <names>', 'PostgreSQL: columns of the tables (default: all)')
    .option('--for <duration>', 'follow the streams so long, then compare', parseDuration);
}

function addRules(command: QctlCommand): void {
  command
    .option('--time <field>', 'when a record came about (default: the time of its entry in a stream)')
    .option('--started <field>', 'when its work began: gives the latency of a side')
    .option(
      '--error <expression>',
      'true for a record that says error (default: a field error, or body.error, that is not false, 0, none)',
    )
    .option('--ignore <path>', 'may differ: meta.timestamp, items[*].id (repeatable)', collected)
    .option(
      '--known <expression>',
      'a pair may differ: JMESPath over old, new, fields (repeatable)',
      collected,
    )
    .option(
      '--tolerance <amount>',
      '0.01, 1%, 5s for RFC 3339 times; score=1%, at=5s for one field (repeatable)',
      collected,
    )
    .option('--unordered <path>', 'a list whose order says nothing (repeatable)', collected)
    .option('--loose-types', '"12" is 12, and "true" is true')
    .option('--late-after <duration>', 'new records that came so much later are late', parseDuration)
    .option(
      '--noise-relative <percent>',
      'with --old2: report above this part of both (default: 20%)',
      percent,
    )
    .option('--noise-absolute <percent>', 'with --old2: report above this share (default: 0.03%)', percent);
}

function addThresholds(command: QctlCommand): void {
  command
    .option('--fail-on <condition>', 'exit code 99 where it holds (repeatable)', collected)
    .option('--require <condition>', 'exit code 99 where it does not hold (repeatable)', collected)
    .option(
      '--min-matched <n>',
      'least that must agree, ignored and noise included (default: 1 with conditions)',
      parseNonNegativeInteger,
    )
    .option('--sample <n>', 'most records that are shown (default: 20)', parseNonNegativeInteger)
    .option('--show-values', 'show values in the sample, instead of their type and length')
    .option('--dedupe', 'show the keys that stand there more than once, and how often on each side');
}

function namesText(): string {
  const plain = THRESHOLD_NAMES.filter((name) => !name.includes('.'));
  const sided = [...new Set(THRESHOLD_NAMES.filter((name) => /\.(?:old|new)$/.test(name)).map(withoutSide))];
  return [
    'Conditions: mismatched > 0.1%, missing == 0, p99.new > p99.old * 1.2; and, or. A percentage is of all keys.',
    `Names: ${plain.join(', ')};`,
    `with .old or .new: ${sided.join(', ')};`,
    'p50.behind to max.behind: how much later the new record came.',
    'What is not known is never a pass.',
  ].join('\n');
}

function withoutSide(name: string): string {
  return name.replace(/\.\w+$/, '');
}

function collected(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function percent(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('expected a percentage such as 20% or 0.03%');
  return Number(number) / 100;
}
