import { describe, expect, test } from 'vitest';
import { reportCalls, showBreakers } from './breaker-driver.ts';
import { useOwnRedis } from './own-redis.ts';
import type { CommandSetting } from './run-command.ts';

const redis = useOwnRedis();
const breaker = (argv: string[], setting?: CommandSetting) => showBreakers(redis, argv, setting);
const alive = (name: string, more: object = {}) => reportCalls(redis.server.url, name, more);
const CONFIG = `profiles:
  production:
    breakers:
      wazuh-api: { failureThreshold: 5, openTime: 90s }
      mail: { window: 30s }
`;
const settingsOf = (name: string) => redis.client.hgetall(`qctl:{cb:${name}}:config`);

test('settings stand above those of the program, and a - gives them back', async () => {
  await alive('api', { declared: { failureThreshold: 5 } });
  const { rows } = await breaker(['set', 'api', 'failureThreshold=10', 'openTime=2m', '--reason', 'noisy']);
  expect(rows).toEqual([
    'BREAKER | WHAT | BEFORE | NOW',
    'api | failureThreshold | 5, by program or file | 10, set by WHO',
    'api | openTime | 1m00s, default | 2m00s, set by WHO',
  ]);
  expect(await settingsOf('api')).toMatchObject({ 'set:failureThreshold': '10', setReason: 'noisy' });
  const back = await breaker(['set', 'api', 'failureThreshold=-']);
  expect(back.rows[1]).toBe('api | failureThreshold | 10, set by WHO | 5, by program or file');
  expect(await settingsOf('api')).not.toHaveProperty('set:failureThreshold');
});

test('several names, patterns and settings may stand in any order', async () => {
  for (const name of ['api-1', 'api-2', 'mail']) await alive(name);
  const { rows } = await breaker(['set', 'window=30s', 'api-*', 'failureRate=off', 'mail']);
  expect(rows.slice(1).map((row) => row.split(' | ').slice(0, 2).join(' '))).toEqual(
    ['api-1', 'api-2', 'mail'].flatMap((name) => [`${name} failureRate`, `${name} window`]),
  );
});

describe('without settings', () => {
  test('what qctl.yaml says is written, and makes the breaker', async () => {
    const { rows, stderr } = await breaker(['set', 'wazuh-api'], { config: CONFIG });
    expect(rows.slice(1)).toEqual([
      'wazuh-api | failureThreshold | - | 5, by program or file',
      'wazuh-api | failureRate | - | off, default',
      'wazuh-api | openTime | - | 1m30s, by program or file',
    ]);
    expect(stderr).toContain('wazuh-api: is new in Redis');
    expect(await settingsOf('wazuh-api')).toMatchObject({
      'declared:failureThreshold': '5',
      'declared:openMs': '90000',
    });
    const again = await breaker(['set', 'wazuh-api'], { config: CONFIG });
    expect([again.rows[1], again.stderr]).toEqual([
      'wazuh-api | settings | as configured | as configured',
      '',
    ]);
  });

  test('the environment stands above, and a pattern means what is configured', async () => {
    await alive('other');
    const env = { WAZUH_CB_TIMEOUT: '120' };
    const { rows } = await breaker(['set', '*'], { config: CONFIG, env });
    expect(rows.slice(1).map((row) => row.split(' | ')[0])).not.toContain('other');
    expect(await settingsOf('wazuh-api')).toMatchObject({ 'declared:openMs': '120000' });
    expect(await settingsOf('mail')).toMatchObject({ 'declared:windowMs': '30000' });
    expect(await settingsOf('other')).toEqual({});
  });

  test('a breaker that is not configured is refused', async () => {
    await alive('api');
    const { code, stderr } = await breaker(['set', 'api'], { config: CONFIG });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('neither qctl.yaml nor the environment has settings of api'),
    ]);
  });
});

test('settings that contradict each other are warned of, and set', async () => {
  await alive('api');
  const { code, stderr } = await breaker(['set', 'api', 'failureRate=off', 'openTime=200ms']);
  expect(code).toBe(0);
  expect(stderr).toContain('api: warning: it never opens: neither');
  expect(stderr).toContain('api: warning: openTime 200ms may be over');
});

test('with --dry-run they are shown and not set', async () => {
  await alive('api');
  const { rows } = await breaker(['set', 'api', 'window=5m', '--dry-run']);
  expect(rows[1]).toMatch(/^api \| window \| 1m00s, default \| 5m00s, set by WHO$/);
  expect(await settingsOf('api')).toEqual({});
});

test.each([
  [
    ['api', 'failureTreshold=5'],
    'failureTreshold is no setting of a circuit breaker\n  hint: did you mean failureThreshold?',
  ],
  [['api', 'failureThreshold='], 'failureThreshold=: expected NAME=VALUE'],
  [['api', 'openTime=60'], 'openTime=60: expected a duration such as 30s, from 100ms to 1d'],
  [['api', 'window=30s', 'window=-'], 'window is given twice'],
  [['window=30s'], 'no breaker is named'],
  [['apj', 'window=30s'], 'there is no breaker apj'],
])('%s is refused', async (argv, text) => {
  await alive('api');
  const { code, stderr } = await breaker(['set', ...argv]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  expect(await settingsOf('api')).toEqual({});
});
