import type { CheckSpec } from '../checks/index.ts';
import type { ChannelConfig } from '../config/alert-schema.ts';
import type { Template } from './template.ts';

/** How bad it is, the least first. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
/** See {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** A time in which nobody is told, known beforehand. */
export interface SilentWindow {
  /** Ms since 1970; null: from ever. */
  fromMs: number | null;
  untilMs: number;
  reason: string;
}

/** One rule, with every default filled in. It fires where its check fails. */
export interface AlertRule extends CheckSpec {
  severity: Severity;
  /** So long it must hold before it fires. */
  forMs: number;
  /** So long it must be over before it is. */
  keepFiringForMs: number;
  /** Between messages about an incident that goes on; null: there is one. */
  repeatMs: number | null;
  /** `baseline` is what was measured so long ago; null: the expression does not ask for it. */
  againstMs: number | null;
  /** Names of channels. */
  to: string[];
  summary: Template;
  description: Template | null;
  silence: SilentWindow[];
}

/** Where a message goes. */
export type Channel = ChannelConfig & {
  name: string;
  /** Of a webhook with a body of its own: the texts in it by how they are written. */
  templates: ReadonlyMap<string, Template>;
};

/** All that a profile says of alerts. */
export interface AlertPlan {
  /** Tells one configuration from another on this host: its files and its profile. */
  id: string;
  profile: string | null;
  channels: ReadonlyMap<string, Channel>;
  rules: readonly AlertRule[];
}

/** The rule that stands for all that need Redis while it is away, where the file has none of its own. */
export const REDIS_LOST = 'redis-lost';

/** Whether a rule measures in Redis: while it is away there is nothing to be said about it. */
export function needsRedis({ metric }: Pick<AlertRule, 'metric'>): boolean {
  return metric !== 'redis.up' && /^(redis|stream|dlq|breaker)\./.test(metric);
}

/** Whether each host judges by itself: what one cannot reach, another may. */
export function isOwnView({ metric }: Pick<AlertRule, 'metric'>): boolean {
  return metric === 'redis.up';
}
