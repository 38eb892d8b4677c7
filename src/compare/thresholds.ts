import { parseExpression } from '../checks/index.ts';
import { QctlError } from '../errors.ts';
import type { RuleTexts } from './request.ts';
import { perfectScope, SHARED_NAMES, THRESHOLD_NAMES, type ThresholdScope } from './scope.ts';
import type { Comparison, ThresholdResult } from './types.ts';

/** A threshold, read once. */
export interface Threshold {
  rule: ThresholdResult['rule'];
  text: string;
  holds(scope: ThresholdScope): boolean | null;
}

/** Whatever the times are, this is a comparison that nobody wants to fail. */
const PERFECT = [perfectScope(1e-6), perfectScope(1e12)];

/**
 * Reads all thresholds. Throws `config` BAD_EXPRESSION, and `usage` THRESHOLD_INVERTED for one that the best
 * of all comparisons would not pass: it is meant the other way round.
 */
export function parseThresholds(
  { failOn = [], require = [] }: RuleTexts,
  minMatched: number | null,
): Threshold[] {
  // Where each record has a field that is ignored, none is just matched.
  const least = minMatched === null ? [] : [parse('require', `matched + ignored + noise >= ${minMatched}`)];
  const given = [
    ...failOn.map((text) => parse('failOn', text)),
    ...require.map((text) => parse('require', text)),
  ];
  for (const threshold of given) refuseInverted(threshold);
  return [...least, ...given];
}

function parse(rule: Threshold['rule'], text: string): Threshold {
  const expression = parseExpression(withShares(text), THRESHOLD_NAMES);
  return { rule, text, holds: (scope) => expression.holds(scope) };
}

const BARE_COUNT = new RegExp(`(?<![\\w.])(${SHARED_NAMES.join('|')})(?![\\w.])`, 'g');

/** What is held against a percentage is the part of all keys: `mismatched > 0.1%`. */
function withShares(text: string): string {
  return text
    .split(/(\s(?:and|or)\s)/)
    .map((clause) => (clause.includes('%') ? clause.replace(BARE_COUNT, '$1.share') : clause))
    .join('');
}

function refuseInverted({ rule, text, holds }: Threshold): void {
  const fails = rule === 'failOn';
  if (!PERFECT.every((scope) => holds(scope) === fails)) return;
  const [flag, other] = fails ? ['--fail-on', '--require'] : ['--require', '--fail-on'];
  throw new QctlError('usage', `${flag} '${text}' would fail where both sides are the same`, {
    code: 'THRESHOLD_INVERTED',
    hint: [
      `${other} '${text}' is the other way round: ${fails ? 'what must hold' : 'what must not hold'}`,
      'in a plan they are failOn and require',
    ],
    details: { threshold: text },
  });
}

/** How each threshold went. What is not known is not met. */
export function judge(thresholds: readonly Threshold[], scope: ThresholdScope): ThresholdResult[] {
  return thresholds.map(({ rule, text, holds }) => {
    const known = holds(scope);
    return { rule, text, holds: known, ok: known === (rule === 'require') };
  });
}

/** The error for a comparison whose thresholds were not met; undefined where they were. Names counts, no values. */
export function thresholdError(comparison: Comparison): QctlError | undefined {
  const failed = comparison.thresholds.filter(({ ok }) => !ok);
  if (failed.length === 0) return undefined;
  const said = failed.map(({ rule, text, holds }) => {
    if (holds === null) return `${text} is not known`;
    return rule === 'failOn' ? text : `not ${text}`;
  });
  return new QctlError(
    'threshold',
    `old and new differ too much: ${said.join(', ')} (${countsText(comparison)})`,
    {
      code: 'COMPARE_THRESHOLD',
      hint: hintsOf(comparison),
      details: { ...comparison.counts, thresholds: failed.map(({ text }) => text) },
    },
  );
}

function hintsOf({ counts, old, new: fresh, fields, noisePairs }: Comparison): string[] {
  if (counts.compared === 0) {
    return old.records === 0 || fresh.records === 0
      ? [`nothing was read of ${old.records === 0 ? old.input : fresh.input}: check its name and range`]
      : ['no key is on both sides: check --key, and that both ranges are of the same time'];
  }
  const [worst] = fields.filter(({ reported }) => reported);
  const hints = worst ? [`the field that differs most is ${worst.field}`] : [];
  if (noisePairs && noisePairs.counted < noisePairs.needed)
    hints.push(
      `noise is not known: old2 shares ${noisePairs.counted} keys with old, and ${noisePairs.needed} are needed`,
    );
  return hints.length > 0 ? hints : ['-o json has every number'];
}

/** `970 matched, 20 mismatched, 10 missing`: what is not 0. */
export function countsText({ counts, old, new: fresh }: Pick<Comparison, 'counts' | 'old' | 'new'>): string {
  const named: [number, string][] = [
    [counts.ignored, 'ignored'],
    [counts.mismatched, 'mismatched'],
    [counts.noise, 'noise'],
    [counts.missing, 'missing'],
    [counts.extra, 'extra'],
    [counts.pending, 'pending'],
    [counts.late, 'late'],
    [counts.errorsOld, 'errors old'],
    [counts.errorsNew, 'errors new'],
    [old.duplicate, 'duplicate old'],
    [fresh.duplicate, 'duplicate new'],
    [old.unreadable, 'unreadable old'],
    [fresh.unreadable, 'unreadable new'],
  ];
  const shown = named.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return [`${counts.matched} matched`, ...shown].join(', ');
}
