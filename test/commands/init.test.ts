// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what stands in such files
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cleanEnvironment, type QctlResult, runQctl } from '../support/qctl.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedPostgres, sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { NO_TMUX, openTmux } from '../support/tmux.ts';
import { runCommand } from './run-command.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));
const TABLES = `
  CREATE TABLE alerts (id bigserial PRIMARY KEY, agent_id int, payload jsonb, state text NOT NULL, handled_at timestamptz);
  INSERT INTO alerts (agent_id, payload, state) SELECT n, '{}', CASE WHEN n > 20 THEN 'done' ELSE 'pending' END FROM generate_series(1, 25) n;
  CREATE TABLE unclear (id int PRIMARY KEY, body text, status int);
  ANALYZE;`;
const REDIS = new URL(sharedRedisUrl());
const postgres = sharedPostgres();
let database: string;
let folder: string;

beforeAll(async () => {
  database = await postgres.createDatabase();
  await postgres.query(TABLES, undefined, new URL(database).pathname.slice(1));
});
beforeEach(() => {
  folder = ownFolder('init');
});
afterAll(() => removeFolder(folder));

const path = () => join(folder, 'qctl.yaml');
const text = () => readFile(path(), 'utf8');

/** Nobody's ports: what listens on this machine is not the test's. */
function init(words: string[], env: Record<string, string> = {}): Promise<QctlResult> {
  return runQctl(['init', '--no-ports', ...words], { cwd: folder, env });
}

/** A password that trusts everybody's server does not ask for, but that a file must not show. */
function withPassword(url: string): string {
  const changed = new URL(url);
  changed.password = 's3cret';
  return changed.href;
}

describe('without a terminal', () => {
  test('from variables, .env and compose a valid file without secrets; the second time nothing changes', async () => {
    await writeFile(join(folder, '.env'), `DATABASE_URL=${withPassword(database)}\n`);
    await writeFile(
      join(folder, 'compose.yaml'),
      `services:\n  cache: { image: redis, ports: ["${REDIS.port}:6379"] }\n  old: { image: postgres, ports: ["1:5432"], environment: { POSTGRES_PASSWORD: s3cret } }\n`,
    );
    const { code, stdout, stderr } = await init(['--yes', '-o', 'json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ type: 'init', path: 'qctl.yaml', outcome: 'written', profile: 'local', added: [] },
      found: [
        { kind: 'postgres', from: '.env: DATABASE_URL', problem: null },
        { kind: 'redis', from: 'compose.yaml: cache', says: expect.stringMatching(/^Redis \d/) },
        { kind: 'postgres', from: 'compose.yaml: old', problem: expect.stringContaining('ECONNREFUSED') },
      ],
      sources: [{ name: 'alerts', kind: 'postgres', stream: 'alerts' }],
      needs: [{ name: 'DATABASE_URL', file: '.env' }],
      next: [
        'set -a; . ./.env; set +a',
        'qctl config validate',
        'qctl analyse --source alerts',
        'qctl drain postgres alerts --create-group workers --dry-run',
        'qctl drain postgres alerts --create-group workers --yes',
      ],
    });
    expect(stdout + stderr + (await text())).not.toContain('s3cret');
    expect(await text()).toContain("ready: state = 'pending'");
    const env = { DATABASE_URL: database };
    expect((await runCommand(['config', 'validate', '--config', path()], { env })).stdout).toContain('valid');
    const plan = await runCommand(['drain', 'postgres', 'alerts', '--dry-run', '--config', path()], { env });
    expect(plan.stdout).toMatch(/to drain +20 messages/);
    const before = await text();
    const again = await init(['--yes']);
    expect([again.code, again.stdout.split('\n')[0]]).toEqual([
      0,
      'qctl.yaml says all of it already, and is as it was',
    ]);
    expect(await text()).toBe(before);
  });

  test('a file that says something else is refused, and added to where that is asked for', async () => {
    const mine = `profiles:\n  night:\n    redis: { url: "${sharedRedisUrl()}" } # mine\n`;
    await writeFile(path(), mine);
    const env = { DATABASE_URL: database, REDIS_URL: sharedRedisUrl() };
    const refused = await init(['--from-env', '--yes'], env);
    expect([refused.code, await text()]).toEqual([3, mine]);
    expect(refused.stderr).toContain('--merge');
    const added = await init(['--from-env', '--yes', '--merge'], env);
    expect(added.stdout).toContain('profiles.night.sources');
    expect(await text()).toContain('# mine');
    expect((await runCommand(['config', 'validate', '--config', path()], { env })).code).toBe(0);
  });

  test('a queue of SQS by its URL; --dry-run shows the file and writes nothing', async () => {
    const sqs = sharedSqs();
    const name = uniqueName('init');
    const queueUrl = await sqs.createQueue(name);
    const env = { SQS_QUEUE_URL: queueUrl, AWS_ENDPOINT_URL: sqs.endpoint, AWS_REGION: 'us-east-1' };
    const { stdout, code } = await init(['--from-env', '--yes', '--dry-run'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('queueUrl: ${SQS_QUEUE_URL}');
    expect(stdout).toContain(`stream: ${name}`);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a script is told by 8 that a server which the environment names could not be looked at', async () => {
    const env = { DATABASE_URL: database, REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, stderr } = await init(['--from-env', '--yes'], env);
    expect([code, stderr]).toEqual([8, expect.stringContaining('✗ REDIS_URL')]);
    expect(await text()).toContain("ready: state = 'pending'");
    expect(await text()).toMatch(/# not reached when this was written \(REDIS_URL\)\n +redis:/);
  });

  test('nobody to ask is refused, nothing found is told, a broken file is named and left', async () => {
    const asked = await init([]);
    expect([asked.code, existsSync(path())]).toEqual([3, false]);
    expect(asked.stderr).toContain('--yes');
    const nothing = await init(['--from-env', '--yes', '--dry-run']);
    expect([nothing.code, nothing.stderr]).toEqual([0, expect.stringContaining('found nothing')]);
    await writeFile(path(), 'profiles: [');
    const broken = await init(['--from-env', '--yes']);
    expect([broken.code, await text()]).toEqual([5, 'profiles: [']);
  });
});

describe.skipIf(NO_TMUX !== '')('the wizard, in a terminal of 60 columns', () => {
  const open = (env: Record<string, string>) =>
    openTmux({
      // A shell that tells how it ended, and that stays.
      argv: ['sh', '-c', `"$0" "$1" init --no-ports; echo "exit $?"; exec cat`, process.execPath, BINARY],
      cwd: folder,
      columns: 60,
      rows: 40,
      env: { ...cleanEnvironment(), PATH: dirname(process.execPath), ...env },
    });
  const env = () => ({ DATABASE_URL: database, REDIS_URL: sharedRedisUrl() });

  test('asks what is to be moved and how, and writes what was answered', async () => {
    const session = await open({ ...env(), PATH: process.env.PATH! });
    const answer = async (question: RegExp, keys: string[], typed = ''): Promise<void> => {
      await session.until(question);
      if (typed) await session.type(typed);
      await session.press(...keys);
    };
    const seen = await session.until(/Which queues are to be moved/);
    expect(seen).toMatch(/✓ DATABASE_URL/);
    expect(seen).toMatch(/◉ public\.alerts/);
    expect(seen).toMatch(/◯ public\.unclear/);
    await session.press('Enter');
    await answer(/rows to take/, ['Enter'], 'stat = 1');
    await session.until(/column "stat" does not exist/);
    await session.press('C-u');
    await answer(/rows to take/, ['Enter'], "state = 'pending'");
    await answer(/column of the body/, ['C-u']);
    await answer(/column of the body/, ['Enter'], 'nonsense');
    await session.until(/no such column/);
    await session.press('C-u');
    await answer(/column of the body/, ['Enter'], 'payload');
    await answer(/whose messages keep their order/, ['Enter']);
    await answer(/in which order/, ['Enter']);
    await answer(/what becomes of a row/, ['Down', 'Enter']);
    await answer(/stream that it goes to/, ['Enter'], 'incidents');
    await answer(/Consumer group/, ['Enter']);
    await answer(/Name of the profile/, ['Enter'], 'night');
    await session.until(/wrote qctl\.yaml[\s\S]*exit 0/);
    const written = await text();
    for (const line of [
      'profile: night',
      'stream: incidents',
      'key: agent_id',
      'done: { set: { state: done, handled_at: { sql: now() } } }',
      'group: workers',
      'url: ${REDIS_URL}',
    ])
      expect(written).toContain(line);
    expect(written).not.toContain('unclear');
    await session.close();
    const checked = await runCommand(['config', 'validate', '--config', path()], { env: env() });
    expect(checked.stdout).toContain('valid (1 profile)');
  });

  test('where no queue was found, for a server that did not answer, it can be left', async () => {
    const session = await open({ REDIS_URL: sharedRedisUrl(), DATABASE_URL: 'postgres://a@127.0.0.1:1/b' });
    expect(await session.until(/No queue was found/)).toMatch(/✗ DATABASE_URL/);
    await session.press('Enter');
    await session.until(/exit 9/);
    await session.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('Ctrl-C at a question leaves nothing behind', async () => {
    const session = await open({ ...env(), PATH: process.env.PATH! });
    await session.until(/Which queues are to be moved/);
    await session.press('Enter');
    await session.until(/rows to take/);
    await session.press('C-c');
    await session.until(/exit 130/);
    await session.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('a file that is there is not touched before somebody says so', async () => {
    const mine = 'profiles: { night: {} }\n';
    await writeFile(path(), mine);
    const session = await open({ REDIS_URL: sharedRedisUrl(), PATH: process.env.PATH! });
    await session.until(/Name of the profile/);
    await session.press('Enter');
    await session.until(/is there already/);
    await session.press('Down', 'Enter');
    await session.until(/qctl\.yaml is as it was[\s\S]*exit 0/);
    await session.close();
    expect(await text()).toBe(mine);
  });
});
