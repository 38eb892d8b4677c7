import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedPostgres, uniqueName } from '../support/shared.ts';
import { runCommand } from './run-command.ts';

/*
 * Two profiles with one Redis and a database each. A step says in its database that it was done, and that it was
 * undone: so it is seen where a rollback goes.
 */

let server: TestRedis;
let folder: string;
let config: string;
const databases: Record<string, string> = {};

beforeAll(async () => {
  server = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'qctl-profile-'));
  for (const name of ['staging', 'production']) {
    databases[name] = await sharedPostgres().createDatabase();
    await query(name, 'CREATE TABLE said (word text)');
  }
  const profiles = Object.entries(databases).map(
    ([name, url]) => `  ${name}: { sources: { app: { kind: postgres, url: "${url}", table: said } } }\n`,
  );
  config = `profile: staging\nprofiles:\n${profiles.join('')}`;
  return () => server.stop();
});

function query(profile: string, text: string): Promise<{ word: string }[]> {
  const database = new URL(databases[profile]!).pathname.slice(1);
  return sharedPostgres().query(text, [], database) as Promise<{ word: string }[]>;
}

/** What was said of a plan, by profile. */
async function said(plan: string): Promise<Record<string, string[]>> {
  const words = async (profile: string) =>
    (await query(profile, `SELECT word FROM said WHERE word LIKE '${plan}%' ORDER BY word DESC`)).map(
      ({ word }) => word.slice(plan.length + 1),
    );
  return { staging: await words('staging'), production: await words('production') };
}

const qctl = (
  argv: string[],
  { state = 'here', env = {} }: { state?: string; env?: Record<string, string> } = {},
) =>
  runCommand(argv, {
    ...{ url: server.url, config },
    env: { QCTL_STATE_DIR: join(folder, state), PATH: process.env.PATH ?? '', ...env },
  });

/** A run that is complete. */
async function begun(profile: string, flags: string[] = [], last = 'wait: { for: 1ms }') {
  const plan = uniqueName('profile');
  const path = join(folder, `${plan}.yaml`);
  const say = (word: string) => `INSERT INTO said VALUES ('${plan}-${word}')`;
  await writeFile(
    path,
    `apiVersion: qctl/v1\nname: ${plan}\n${profile}steps:\n  - { name: say, sql: { source: app, text: "${say('there')}", undo: "${say('back')}" } }\n  - { name: last, ${last} }\n`,
  );
  const { code, stdout, stderr } = await qctl([
    'cutover',
    'run',
    path,
    '--yes',
    '--no-wait',
    '-o',
    'json',
    ...flags,
  ]);
  const { run } = JSON.parse(stdout || '{}') as { run: string };
  return { plan, path, run, code, stderr };
}

const THERE_AND_BACK = { staging: [], production: ['there', 'back'] };

test('a rollback without a name goes to the profile that the plan names', async () => {
  const { plan } = await begun('profile: production\n');
  const { code, stderr } = await qctl(['rollback', '--yes']);
  expect([code, await said(plan)]).toEqual([12, THERE_AND_BACK]);
  expect(stderr).toContain('was begun with profile production: it counts in place of staging');
});

test('a rollback on another host goes to the profile that was in force', async () => {
  const { plan, run } = await begun('', ['--profile', 'production']);
  const { code } = await qctl(['rollback', run, '--yes'], { state: 'elsewhere' });
  expect([code, await said(plan)]).toEqual([12, THERE_AND_BACK]);
});

test('a run that is taken up goes on with the profile that was in force', async () => {
  for (const state of ['here', 'elsewhere']) {
    const { plan, run, code } = await begun('', ['--profile', 'production'], 'approve: { text: on? }');
    await qctl(['cutover', 'approve', run]);
    const resumed = await qctl(['cutover', 'resume', run, '--yes'], { state });
    const back = await qctl(['rollback', run, '--yes'], { state: 'third' });
    expect([code, resumed.code, back.code, await said(plan)]).toEqual([11, 0, 12, THERE_AND_BACK]);
  }
});

test('another profile that is asked for is refused, and nothing is changed', async () => {
  const { plan, path, run } = await begun('profile: production\n');
  const orders = [
    ['rollback', run],
    ['cutover', 'resume', run],
    ['cutover', 'run', path, '--resume', run],
  ];
  for (const state of ['here', 'elsewhere'])
    for (const order of orders) {
      const flag = await qctl([...order, '--yes', '--profile', 'staging'], { state });
      const variable = await qctl([...order, '--yes'], { state, env: { QCTL_PROFILE: 'staging' } });
      expect([order, flag.code, variable.code]).toEqual([order, 3, 3]);
      expect(flag.stderr).toContain(`${run} was begun with profile production, and --profile names staging`);
      expect(flag.stderr).toContain('leave it out, or say --profile production');
      expect(variable.stderr).toContain('and QCTL_PROFILE names staging');
    }
  expect(await said(plan)).toEqual({ staging: [], production: ['there'] });
  const { code } = await qctl(['rollback', run, '--yes', '--profile', 'production'], { state: 'elsewhere' });
  expect([code, await said(plan)]).toEqual([12, THERE_AND_BACK]);
});
