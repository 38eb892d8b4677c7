import * as z from 'zod';
import { alertName, type ChannelConfig, channelSchema, repeatSchema } from '../config/alert-schema.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { bodyTemplates } from './body.ts';
import { issuesOfPlan } from './issues.ts';
import { type AlertPlan, type AlertRule, type Channel, needsRedis, REDIS_LOST, SEVERITIES } from './rule.ts';
import { ruleSchema, type WrittenRule } from './rule-schema.ts';
import { parseTemplate, type Template } from './template.ts';
import { placeholdersOf } from './values.ts';

const REPEAT_MS = 4 * 3_600_000;

/** `alerts:` of a profile, wholly. */
export const alertsPart = z
  .strictObject({
    channels: z.record(alertName, channelSchema).default({}),
    rules: z.array(ruleSchema).default([]),
    repeat: repeatSchema.default(REPEAT_MS),
  })
  .transform((written, context) => {
    const issues = issuesOfPlan(written);
    context.issues.push(...issues);
    return issues.length > 0 ? z.NEVER : written;
  });

/** See {@link alertsPart}. */
export type WrittenAlerts = {
  channels: Record<string, ChannelConfig>;
  rules: WrittenRule[];
  repeat: number | null;
};

/**
 * The rules and channels of a configuration. Connects nowhere and reads no secret. Throws `config` with file, line
 * and field where something cannot be meant.
 */
export function readAlerts(config: ResolvedConfig): AlertPlan {
  const written = config.readAlerts?.(alertsPart) ?? { channels: {}, rules: [], repeat: REPEAT_MS };
  const channels = new Map(
    Object.entries(written.channels).map(([name, one]) => [name, channelOf(name, one)]),
  );
  const rules = written.rules.map((rule) => ruleOf(rule, written));
  const profile = config.profile ?? null;
  return {
    id: JSON.stringify([config.files, profile]),
    profile,
    channels,
    rules: withRedisLost(rules, written.repeat),
  };
}

function channelOf(name: string, config: ChannelConfig): Channel {
  const templates = config.kind === 'webhook' ? bodyTemplates(config.body) : new Map();
  return { ...config, name, templates };
}

function ruleOf(rule: WrittenRule, { channels, repeat }: WrittenAlerts): AlertRule {
  const {
    for: forMs,
    keepFiringFor,
    repeat: own,
    against,
    to,
    summary,
    description,
    silence,
    ...check
  } = rule;
  const known = placeholdersOf(rule);
  return {
    ...check,
    forMs,
    keepFiringForMs: keepFiringFor,
    repeatMs: own === undefined ? repeat : own,
    againstMs: against ?? null,
    to: [...new Set(to ?? Object.keys(channels))],
    // Both were read once: they hold nothing that is not known.
    summary: parseTemplate(summary ?? '{{rule}}: {{why}}', known) as Template,
    description: description === undefined ? null : (parseTemplate(description, known) as Template),
    silence: silence.map(({ from, until, reason }) => ({ fromMs: from ?? null, untilMs: until, reason })),
  };
}

/** What is told in place of a storm: one incident for every rule that cannot be looked at without Redis. */
function withRedisLost(rules: AlertRule[], repeatMs: number | null): AlertRule[] {
  const blind = rules.filter(needsRedis);
  if (blind.length === 0 || rules.some(({ metric }) => metric === 'redis.up')) return rules;
  const worst = SEVERITIES.findLast((one) => blind.some(({ severity }) => severity === one))!;
  return [
    ...rules,
    {
      ...blind[0]!,
      name: REDIS_LOST,
      metric: 'redis.up',
      with: { within: 5000 },
      success: null,
      failure: 'value == 0',
      intervalMs: Math.min(...blind.map(({ intervalMs }) => intervalMs)),
      timeoutMs: 10_000,
      errorLimit: 4,
      severity: worst,
      forMs: LOST_FOR_MS,
      keepFiringForMs: 0,
      repeatMs,
      againstMs: null,
      to: [...new Set(blind.flatMap(({ to }) => to))],
      summary: parseTemplate('Redis does not answer', []) as Template,
      description: parseTemplate(
        `Seen from {{host}}. Nothing can be said meanwhile of: ${blind.map(({ name }) => name).join(', ')}`,
        ['host'],
      ) as Template,
      silence: [],
    },
  ];
}

/** A failover is over sooner. */
const LOST_FOR_MS = 30_000;
