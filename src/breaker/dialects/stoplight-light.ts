import type { RedisConnection } from '../../backends/redis/index.ts';
import { amountOf, errorText, type ForeignBreaker, secondsToMs } from './foreign.ts';
import { unlessWrongType } from './read-keys.ts';

/** Of a light's state, and of what was counted; stoplight 5 has both in one hash. */
export const LIGHT_FIELDS = {
  state: ['locked_state', 'breached_at', 'recovery_scheduled_after', 'recovery_started_at', 'recovered_at'],
  metrics: ['consecutive_errors', 'last_error_json'],
} as const;
type Field = (typeof LIGHT_FIELDS)['state' | 'metrics'][number];

/** Times in seconds, whole ones before stoplight 5.4. */
const TIMES = ['breached_at', 'recovery_scheduled_after', 'recovery_started_at', 'recovered_at'] as const;

/** Fields of a light, as far as they are there. */
export type LightFields = Partial<Record<Field, string | null>>;

/** Reads fields of a hash; undefined where the key holds something else. */
export async function readFields(
  redis: RedisConnection,
  key: string,
  fields: readonly Field[],
): Promise<LightFields | undefined> {
  const values = await unlessWrongType(redis.client.hmget(key, ...fields));
  return values && Object.fromEntries(fields.map((field, at) => [field, values[at]]));
}

/** The state as the library derives it from its times: green, yellow, red. */
export function lightOf(fields: LightFields, nowMs: number): Partial<ForeignBreaker> {
  const told = { failures: amountOf(fields.consecutive_errors), ...lastError(fields.last_error_json) };
  const locked = fields.locked_state;
  if (locked === 'locked_green') return { ...told, state: 'closed', locked: true };
  if (locked === 'locked_red') return { ...told, state: 'open', locked: true };
  if (locked && locked !== 'unlocked')
    return { ...told, note: `its lock ${JSON.stringify(locked)} is not known` };
  const broken = TIMES.find((field) => fields[field] != null && secondsToMs(fields[field]) === null);
  if (broken) return { ...told, note: `its ${broken} is no time` };
  const [breached, scheduled, started, recovered] = TIMES.map((field) => secondsToMs(fields[field]));
  if (started != null) return { ...told, state: 'half-open', sinceMs: started };
  if (scheduled != null && scheduled < nowMs) return { ...told, state: 'half-open', sinceMs: scheduled };
  if (breached != null) return { ...told, state: 'open', sinceMs: breached, nextChangeMs: scheduled ?? null };
  return { ...told, state: 'closed', sinceMs: recovered ?? null };
}

function lastError(json: string | null | undefined): Partial<ForeignBreaker> {
  if (!json) return {};
  try {
    const { error, time } = JSON.parse(json) as { error?: Record<string, unknown>; time?: unknown };
    const [kind, message] = [String(error?.class ?? ''), String(error?.message ?? '')];
    return { lastError: errorText(kind, message), lastErrorAtMs: secondsToMs(String(time ?? '')) };
  } catch {
    return {};
  }
}
