import { usesBaseline } from '../checks/index.ts';
import { type Path, wholeProblem } from '../config/issues.ts';
import { findSimilar } from '../config/similar.ts';
import { bodyProblems } from './body.ts';
import type { WrittenAlerts } from './read.ts';
import { REDIS_LOST } from './rule.ts';
import type { WrittenRule } from './rule-schema.ts';
import { isProblem, parseTemplate } from './template.ts';
import { placeholdersOf } from './values.ts';

type Problem = ReturnType<typeof wholeProblem>;

/** What is wrong with rules and channels that are each well written by themselves. */
export function issuesOfPlan({ channels, rules }: WrittenAlerts): Problem[] {
  const ofBodies = Object.entries(channels).flatMap(([name, channel]) =>
    channel.kind === 'webhook'
      ? bodyProblems(channel.body).map(({ path, problem, hint }) =>
          wholeProblem(channel.body, ['channels', name, 'body', ...path], problem, hint),
        )
      : [],
  );
  return [...ofBodies, ...rules.flatMap((rule, at) => issuesOfRule(rule, at, rules, Object.keys(channels)))];
}

function issuesOfRule(
  rule: WrittenRule,
  at: number,
  rules: readonly WrittenRule[],
  channels: readonly string[],
): Problem[] {
  const path: Path = ['rules', at];
  return [
    ...nameIssues(rule, path, rules.slice(0, at)),
    ...baselineIssues(rule, path),
    ...channelIssues(rule, path, channels),
    ...templateIssues(rule, path),
    ...windowIssues(rule, path),
  ];
}

function nameIssues({ name, metric }: WrittenRule, path: Path, above: readonly WrittenRule[]): Problem[] {
  const at = [...path, 'name'];
  if (above.some((one) => one.name === name))
    return [wholeProblem(name, at, `there is a rule ${name} above`)];
  if (name !== REDIS_LOST || metric === 'redis.up') return [];
  return [wholeProblem(name, at, `${REDIS_LOST} is the name of the rule with metric redis.up`)];
}

function baselineIssues(rule: WrittenRule, path: Path): Problem[] {
  const { against } = rule;
  if (usesBaseline(rule)) {
    if (against !== undefined) return [];
    return [wholeProblem(rule, path, 'baseline is what was measured some time ago', 'add against: 5m')];
  }
  if (against === undefined) return [];
  return [
    wholeProblem(
      against,
      [...path, 'against'],
      'neither success nor failure asks for baseline',
      'failure: value > baseline',
    ),
  ];
}

function channelIssues({ to }: WrittenRule, path: Path, channels: readonly string[]): Problem[] {
  if (to === undefined && channels.length === 0)
    return [wholeProblem(to, path, 'nobody would be told', 'add channels: beside rules:, or to: []')];
  return (to ?? []).flatMap((name, at) => {
    if (channels.includes(name)) return [];
    const similar = findSimilar(name, [...channels]);
    const list = channels.length > 0 ? `there are ${channels.join(', ')}` : 'there are no channels';
    const hint = similar ? `did you mean ${similar}?` : list;
    return [wholeProblem(name, [...path, 'to', at], `there is no channel ${name}`, hint)];
  });
}

function templateIssues(rule: WrittenRule, path: Path): Problem[] {
  return (['summary', 'description'] as const).flatMap((field) => {
    const text = rule[field];
    const read = text === undefined ? undefined : parseTemplate(text, placeholdersOf(rule));
    return read && isProblem(read) ? [wholeProblem(text, [...path, field], read.problem, read.hint)] : [];
  });
}

function windowIssues({ silence }: WrittenRule, path: Path): Problem[] {
  return silence.flatMap(({ from, until }, at) =>
    from !== undefined && from >= until
      ? [wholeProblem(until, [...path, 'silence', at, 'until'], 'it ends before it begins')]
      : [],
  );
}
