// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation under test
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Flags } from '../../src/config/resolve.ts';

const YAML = `profiles:
  production:
    redis: { url: 'rediss://streams:6380/0', passwordFile: /run/secrets/redis }
    sources:
      alerts:
        kind: postgres
        url: \${ALERTS_URL:-postgres://db/alerts}
        table: public.alerts
        id: id
        payload: payload
        done: { set: { state: done, at: { sql: now() } } }
      webhooks: { kind: sqs, queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/webhooks' }
    streams:
      webhook-events: { group: webhook-processors, maxLen: "1000000" }
  staging:
    redis: { url: '\${STAGING_URL}' }
`;

let cwd: string;
let home: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'qctl-config-'));
  home = await mkdtemp(join(tmpdir(), 'qctl-home-'));
});

async function load(flags: Flags = {}, env: Record<string, string> = {}) {
  return loadConfig({ flags, env: { HOME: home, ...env }, cwd });
}

async function project(text: string): Promise<void> {
  await writeFile(join(cwd, 'qctl.yaml'), text);
}

async function failure(text: string, flags: Flags = {}): Promise<string> {
  await project(text);
  return load(flags).then(
    () => 'no error',
    (error: Error) => error.message.replaceAll(join(cwd, 'qctl.yaml'), 'qctl.yaml'),
  );
}

const production = (body: string) => `profiles:\n  production:\n${body}`;

describe('layers', () => {
  test('without any file there is a configuration still', async () => {
    expect(await load()).toMatchObject({ profiles: [], files: [], sources: {}, streams: {} });
  });

  test('a profile is read, with numbers from text and the lines it stands on', async () => {
    await project(YAML);
    const config = await load({ profile: 'production' });
    expect(config.redis).toEqual({ url: 'rediss://streams:6380/0', passwordFile: '/run/secrets/redis' });
    expect(config.sources.alerts).toMatchObject({
      url: 'postgres://db/alerts',
      done: { set: { at: { sql: 'now()' } } },
    });
    expect(config.streams['webhook-events']).toEqual({ group: 'webhook-processors', maxLen: 1_000_000 });
    expect(config.origins['sources.webhooks']).toMatch(/qctl\.yaml:12$/);
  });

  test('flag over QCTL_ variable over shared variable over file', async () => {
    await project(YAML);
    const at = async (flags: Flags, env: Record<string, string>) =>
      (await load({ profile: 'production', ...flags }, env)).redis?.url;
    const shared = { REDIS_URL: 'redis://shared' };
    const own = { QCTL_REDIS_URL: 'redis://own', ...shared };
    expect(await at({ redisUrl: 'redis://flag' }, own)).toBe('redis://flag');
    expect(await at({}, own)).toBe('redis://own');
    expect(await at({}, shared)).toBe('redis://shared');
    expect(await at({}, {})).toBe('rediss://streams:6380/0');
    expect((await load({ profile: 'production' }, shared)).warnings).toHaveLength(1);
  });

  test('a file that names the variable itself is no surprise', async () => {
    await project(production('    redis: { url: "${REDIS_URL}" }\n'));
    expect((await load({}, { REDIS_URL: 'redis://shared' })).warnings).toEqual([]);
    expect((await load({}, { REDIS_URL: 'redis://a', QCTL_REDIS_URL: 'redis://b' })).warnings).toHaveLength(
      1,
    );
  });

  test('a password of the file never goes to a server that the file does not name', async () => {
    await project(YAML);
    const { redis } = await load({ profile: 'production' }, { REDIS_URL: 'redis://elsewhere' });
    expect(redis).toEqual({ url: 'redis://elsewhere' });
  });

  test('a password of the environment completes a URL without one', async () => {
    const env = { REDIS_PASSWORD: 'pw', REDIS_USERNAME: 'app', REDIS_TLS_ENABLED: 'true' };
    expect((await load({ redisUrl: 'redis://h' }, env)).redis).toEqual({
      url: 'redis://h',
      password: 'pw',
      username: 'app',
      tls: true,
    });
    expect((await load({ redisUrl: 'redis://u:own@h' }, { REDIS_PASSWORD: 'pw' })).redis).toEqual({
      url: 'redis://u:own@h',
    });
  });

  test('sentinel and cluster come from the environment', async () => {
    const sentinel = {
      REDIS_SENTINEL_ADDRS: 'a:1, b:2',
      REDIS_SENTINEL_MASTER_NAME: 'main',
      REDIS_URL: 'redis://x',
    };
    expect((await load({}, sentinel)).redis?.sentinel).toMatchObject({ hosts: ['a:1', 'b:2'], name: 'main' });
    expect((await load({}, { REDIS_CLUSTER_NODES: 'a:1,b:2' })).redis?.cluster).toEqual({
      nodes: ['a:1', 'b:2'],
    });
  });

  test('sentinels are named and switched off as a team with a switch does it', async () => {
    const env = {
      REDIS_SENTINEL_ENABLED: 'true',
      REDIS_SENTINEL_ADDRESSES: 'a:1,b:2',
      REDIS_SENTINEL_MASTER_NAME: 'main',
      REDIS_ADDRESS: 'redis:6379',
    };
    expect((await load({}, env)).redis?.sentinel).toMatchObject({ hosts: ['a:1', 'b:2'], name: 'main' });
    expect((await load({}, { ...env, REDIS_SENTINEL_ENABLED: 'false' })).redis).toEqual({
      url: 'redis:6379',
    });
    await expect(load({}, { ...env, REDIS_SENTINEL_ENABLED: 'maybe' })).rejects.toThrow(
      'REDIS_SENTINEL_ENABLED',
    );
  });

  test('the project file stands above the user file', async () => {
    await mkdir(join(home, '.config', 'qctl'), { recursive: true });
    const user = production(
      '    redis: { url: redis://user }\n    streams: { a: { group: user }, b: { group: user } }\n',
    );
    await writeFile(join(home, '.config', 'qctl', 'qctl.yaml'), user);
    await project(
      production('    redis: { url: redis://project }\n    streams: { a: { group: project } }\n'),
    );
    const config = await load();
    expect(config.redis?.url).toBe('redis://project');
    expect(config.streams).toEqual({ a: { group: 'project' }, b: { group: 'user' } });
  });
});

describe('profiles', () => {
  test('a gap in one profile does not stop another', async () => {
    await project(YAML);
    await expect(load({ profile: 'production' })).resolves.toBeDefined();
    await expect(load({ profile: 'staging' })).rejects.toThrow(
      /qctl\.yaml:16: profiles\.staging\.redis\.url: \$\{STAGING_URL\} is not set$/,
    );
  });

  test('with several and none asked for, none is used; the only one is', async () => {
    await project(YAML);
    expect((await load()).profile).toBeUndefined();
    await project(production('    redis: { url: redis://a }\n'));
    expect((await load()).profile).toBe('production');
  });

  test('an unknown one is refused with a suggestion', async () => {
    await project(YAML);
    await expect(load({ profile: 'prodution' })).rejects.toMatchObject({
      kind: 'config',
      hint: ['did you mean production?'],
    });
    await expect(load({}, { QCTL_PROFILE: 'zzz' })).rejects.toMatchObject({
      hint: ['profiles: production, staging'],
    });
  });

  test('a file that was named must be there', async () => {
    await expect(load({ config: 'none.yaml' })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});

describe('errors name file, line, field and value', () => {
  test.each([
    [
      '    sources:\n      alerts: { kind: postgres, table: 5 }\n',
      '4: profiles.production.sources.alerts.table: expected text, got 5',
    ],
    ['    redis: { utl: redis://x }\n', '3: profiles.production.redis.utl: unknown field'],
    [
      '    sources:\n      a: { kind: kafka }\n',
      '4: profiles.production.sources.a.kind: expected postgres or sqs or celery, got "kafka"',
    ],
    [
      '    sources:\n      a: { kind: sqs }\n',
      '4: profiles.production.sources.a.queueUrl: expected text, but it is missing',
    ],
    [
      '    streams:\n      s: { maxLen: many }\n',
      '4: profiles.production.streams.s.maxLen: expected a whole number from 0, got "many"',
    ],
    ['    redis: { password: 5 }\n', '3: profiles.production.redis.password: expected text, got a number'],
    ['    redis: { tls: { cafile: x } }\n', '3: profiles.production.redis.tls.cafile: unknown field'],
    ['    redis: [1]\n', '3: profiles.production.redis: expected a mapping, got a list'],
  ])('%j', async (body, expected) => {
    expect(await failure(production(body))).toBe(`qctl.yaml:${expected}`);
  });

  test.each(['streams', 'redis', 'sources'])('%s at the top is sent to where it belongs', async (field) => {
    await project(`profile: production\n${field}: { orders: {} }\n`);
    await expect(load()).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`qctl.yaml:2: ${field}: unknown field$`)),
      hint: [`${field} belongs below profiles.NAME`],
    });
  });

  test.each(['streams', 'stuck-messages'])('what docs/%s.md shows is a whole file', async (page) => {
    const text = await readFile(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8');
    const [, yaml] = /^```yaml\n([\s\S]*?)^```$/m.exec(text)!;
    await project(yaml!);
    const { redis, streams } = await load();
    expect(redis).toBeDefined();
    expect(Object.keys(streams)).toHaveLength(1);
  });

  test('of an unknown field the likely one is suggested', async () => {
    await project(production('    sources:\n      a: { kind: postgres, notfy: x }\n'));
    await expect(load()).rejects.toMatchObject({ hint: ['did you mean notify?'] });
  });

  test('all that is wrong is said at once, in the order of the lines', async () => {
    const text = production('    redis: { db: x }\n    streams:\n      s: { group: 1 }\n');
    expect((await failure(text)).split('\n').map((line) => line.split(': ')[0])).toEqual([
      'qctl.yaml:3',
      'qctl.yaml:5',
    ]);
  });

  test('broken YAML names its line', async () => {
    expect(await failure('profiles:\n  a: [1\n  b: 2\n')).toMatch(/^qctl\.yaml:\d: not valid YAML: /);
  });

  test('a reference in braces without quotes is the usual cause, and is named', async () => {
    await project(production('    redis: { url: ${REDIS} }\n'));
    await expect(load()).rejects.toMatchObject({ hint: ['inside { } a ${NAME} must stand in quotes'] });
  });

  test('the value of a variable is never shown', async () => {
    await project(production('    streams: { s: { maxLen: "${SECRET}" } }\n'));
    await expect(load({}, { SECRET: 'sw0rdfish' })).rejects.toThrow(/got "\$\{SECRET\}"$/);
  });
});
