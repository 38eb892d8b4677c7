import type { Cluster, Redis } from 'ioredis';

/*
 * What libraries of other languages write into Redis, key by key and field by field, as their sources have it:
 * stoplight 5.3, 5.8 and 6.0, pybreaker 1.4 and gobreaker 2.4.
 */

type Client = Redis | Cluster;

/** stoplight 5: one failed call of a light; seconds are whole until 5.3, broken from 5.4 on. */
export async function stoplightFailure(client: Client, light: string, seconds: number): Promise<void> {
  const key = `stoplight:v5:metadata:${light}`;
  const error = {
    class: 'Faraday::TimeoutError',
    message: 'Net::ReadTimeout at https://svc:pw@api/v1\nat line 1',
  };
  await client.hincrby(key, 'consecutive_errors', 1);
  await client.hset(key, {
    last_error_at: seconds,
    last_error_json: JSON.stringify({ error, time: seconds }),
    consecutive_successes: 0,
  });
  await client.expire(key, 7 * 86_400);
}

/** stoplight 5: the light turns red. */
export async function stoplightRed(
  client: Client,
  light: string,
  seconds: number,
  coolOff: number,
): Promise<void> {
  const key = `stoplight:v5:metadata:${light}`;
  await client.hsetnx(key, 'breached_at', seconds);
  await client.hset(key, 'recovery_scheduled_after', seconds + coolOff);
  await client.hdel(key, 'recovery_started_at', 'recovered_at');
}

/** stoplight 5: the light turns yellow. */
export async function stoplightYellow(client: Client, light: string, seconds: number): Promise<void> {
  const key = `stoplight:v5:metadata:${light}`;
  await client.hsetnx(key, 'recovery_started_at', seconds);
  await client.hdel(key, 'recovery_scheduled_after', 'breached_at', 'recovered_at');
}

/** stoplight 5: the light turns green. */
export async function stoplightGreen(client: Client, light: string, seconds: number): Promise<void> {
  const key = `stoplight:v5:metadata:${light}`;
  await client.hsetnx(key, 'recovered_at', seconds);
  await client.hdel(key, 'recovery_started_at', 'recovery_scheduled_after', 'breached_at');
}

/** stoplight 5: somebody locks a light. */
export async function stoplightLock(client: Client, light: string, lock: string): Promise<void> {
  await client.hset(`stoplight:v5:metadata:${light}`, 'locked_state', lock);
}

/** stoplight 6: a light is registered, and has failed and turned red. */
export async function stoplight6Red(
  client: Client,
  { system, id, name }: { system: string; id: string; name: string },
  seconds: number,
): Promise<void> {
  const config = {
    id,
    name,
    cool_off_time: 60,
    threshold: 3,
    traffic_control: { strategy: 'consecutive_errors' },
  };
  const registered = { meta: { version: 1, registered_at: Math.floor(seconds) }, config };
  await client.hset(`stoplight:v6:${system}:lights`, id, JSON.stringify(registered));
  const base = `stoplight:v6:${system}:{${id}}`;
  const error = { class: 'Timeout::Error', message: 'execution expired' };
  await client.hset(`${base}:metrics`, {
    last_error_at: seconds,
    last_error_json: JSON.stringify({ error, time: seconds }),
    consecutive_errors: 3,
    consecutive_successes: 0,
  });
  await client.hset(`${base}:state`, { breached_at: seconds, recovery_scheduled_after: seconds + 60 });
}

/** pybreaker: what CircuitRedisStorage has written, once it was opened with `opened` (whole seconds). */
export async function pybreaker(
  client: Client,
  namespace: string | null,
  values: { state: string; failures?: number; opened?: number },
): Promise<void> {
  const prefix = namespace === null ? 'pybreaker' : `${namespace}:pybreaker`;
  await client.set(`${prefix}:fail_counter`, values.failures ?? 0);
  await client.set(`${prefix}:success_counter`, 0);
  await client.set(`${prefix}:state`, values.state);
  if (values.opened !== undefined) await client.set(`${prefix}:opened_at`, values.opened);
}

/** gobreaker: the JSON of a SharedState as Go's encoder writes it; times such as Go's, `null` is its zero. */
export async function gobreaker(
  client: Client,
  name: string,
  values: { state: 0 | 1 | 2; failures?: number; start: string; expiry: string | null },
): Promise<void> {
  const { state, failures = 0, start, expiry } = values;
  const counts =
    `{"Requests":${failures + 2},"TotalSuccesses":2,"TotalFailures":${failures},"TotalExclusions":0,` +
    `"ConsecutiveSuccesses":0,"ConsecutiveFailures":${failures}}`;
  const text =
    `{"state":${state},"generation":7,"age":0,"counts":${counts},"buckets":[${counts}],` +
    `"start":"${start}","expiry":"${expiry ?? '0001-01-01T00:00:00Z'}"}`;
  await client.set(`gobreaker:state:${name}`, text);
}
