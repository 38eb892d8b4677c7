import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { abortCutover, cutoverStatus, rollbackCutover } from '../../src/cutover/index.ts';
import { runCommand } from '../commands/run-command.ts';
import { ownDatabase } from '../drain/driver.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { at, openStage, type Stage } from './stage.ts';
import { logOf, plan, step } from './tiny.ts';

const cleanups: (() => unknown)[] = [];
function stage(): Stage {
  const one = openStage();
  cleanups.unshift(() => one.close());
  return one;
}
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

test('past the point of no return nothing goes back by itself, but by force as far as there is a way', async () => {
  const { start, name, of, folder, host } = stage();
  const gone = step(of('b'), { undo: 'none', pointOfNoReturn: true });
  const running = start(plan(name, [step(of('a')), gone, step(of('c', 'slow'))]));
  const { run } = await running.until('the last step', at('c'));
  const speaker = { by: 'day@desk', reason: 'it burns' };
  await waitFor(async () => (await cutoverStatus(host, run)).pastNoReturn, { what: 'the record' });
  await expect(abortCutover(host, run, speaker)).rejects.toMatchObject({ code: 'PAST_NO_RETURN' });
  await abortCutover(host, run, speaker, { force: true });
  expect(await running.done).toMatchObject({ ending: 'rolledBack', why: 'aborted by day@desk: it burns' });
  expect(await logOf(folder)).toEqual(['+a', '+b', '-a']);
});

test('a way back that failed is gone again: what failed is tried, or vouched for, and nothing else is done twice', async () => {
  const { start, name, of, folder, back } = stage();
  const wanted = plan(name, [step(of('a')), step(of('b', 'badUndo')), step(of('c', 'fail'))]);
  const { run, ending } = await start(wanted).done;
  expect(ending).toBe('rollbackFailed');
  const again = await back(run, wanted);
  expect(again).toMatchObject({ ending: 'rollbackFailed', left: ['undo b'], nothingDone: false });
  await expect(start(wanted).done).rejects.toMatchObject({ code: 'UNFINISHED_RUN' });
  const vouched = await back(run, wanted, { assume: 'undone' });
  expect(vouched).toMatchObject({ ending: 'rolledBack', left: [], rollback: { failures: [] } });
  expect(await logOf(folder)).toEqual(['+a', '+b', '-a']);
  expect((await start(plan(name, [step(of('d'))])).done).ending).toBe('completed');
});

test('from another host it is told where the backups lie', async () => {
  const { start, name, of, folder, host, options } = stage();
  const wanted = plan(name, [step(of('a', 'lostBackup')), step(of('b', 'badUndo')), step(of('c'))]);
  const { run } = await start(wanted).done;
  const elsewhere = { ...host, operator: { by: 'day@desk', host: 'desk' } };
  const moved = { ...options, stateFolder: join(folder, 'desk') };
  const gone = await rollbackCutover(run, wanted, elsewhere, moved, {}, new AbortController().signal);
  expect(gone.rollback!.failures).toMatchObject([
    { step: 'b', byHand: ['undo b'] },
    {
      step: 'a',
      byHand: [
        'undo a',
        'restore it',
        `the step was begun on host, where its backup lies: there, qctl rollback ${run}`,
      ],
    },
  ]);
});

describe('messages that are to go back', () => {
  test('are left while a consumer is at work, or nobody knows what is finished, and told of; then they go back, each once', async () => {
    const folder = ownFolder('back');
    cleanups.push(() => removeFolder(folder));
    const database = await ownDatabase();
    await database.sql(
      'CREATE TABLE jobs (id text PRIMARY KEY DEFAULT gen_random_uuid()::text, payload text NOT NULL, state text NOT NULL)',
    );
    const redis = new Redis(sharedRedisUrl());
    const reader = redis.duplicate();
    let stop = false;
    cleanups.unshift(() => {
      stop = true;
      redis.disconnect();
      reader.disconnect();
    });
    const [busy, bare, old] = [uniqueName('busy'), uniqueName('bare'), uniqueName('old')];
    await redis.xgroup('CREATE', busy, 'workers', '0', 'MKSTREAM');
    for (const stream of [busy, bare])
      for (const id of [1, 2]) await redis.xadd(stream, '*', 'id', `${stream}-${id}`, 'body', '{}');
    await redis.xadd(bare, '*', 'payload', 'native');
    await redis.xadd(old, '1600000000000-0', 'id', `${old}-1`, 'body', '{}');
    // Until Redis 7.2 a consumer that finds nothing leaves no trace: this one always finds something.
    const reading = (async () => {
      for (let id = 3; !stop; id += 1) {
        await reader.xadd(busy, '*', 'id', `${busy}-${id}`, 'body', '{}');
        await reader.xreadgroup('GROUP', 'workers', 'w', 'STREAMS', busy, '>');
        await sleep(100);
      }
    })().catch(() => undefined);
    const config = join(folder, 'qctl.yaml');
    await writeFile(
      config,
      `profiles: { night: { sources: { jobs: { kind: postgres, url: "${database.url}", format: generic, table: public.jobs,
  id: id, payload: payload, ready: "state = 'pending'", done: { delete: true }, restore: { state: "'pending'" }, stream: ${busy} } } } }\n`,
    );
    const file = join(folder, 'plan.yaml');
    await writeFile(
      file,
      `apiVersion: qctl/v1
name: ${uniqueName('night')}
rollback:
  returns:
    - { stream: ${busy}, group: workers, to: jobs }
    - { stream: ${bare}, group: nobody, to: jobs, other: { body: payload } }
    - { stream: ${old}, group: nobody, to: jobs }
steps:
  - { name: first, redis: { command: [SET, ${busy}:mark, x] } }
  - { name: broken, exec: { run: ["false"], changes: false } }
`,
    );
    const env = { XDG_STATE_HOME: join(folder, 'state'), PATH: process.env.PATH! };
    const qctl = (...argv: string[]) =>
      runCommand([...argv, '--yes', '-o', 'json', '--config', config], { env });
    const failed = await qctl('cutover', 'run', file);
    const report = JSON.parse(failed.stdout);
    expect([failed.code, report.ending]).toEqual([13, 'rollbackFailed']);
    expect(report.rollback.failures).toMatchObject([
      {
        step: 'rollback.returns/1',
        why: expect.stringMatching(/consumers of the group are at work .*: w$/),
        byHand: [
          expect.stringMatching(/^stop them first/),
          `qctl drain redis --stream ${busy} --group workers --to jobs --yes`,
        ],
      },
      {
        step: 'rollback.returns/3',
        why: expect.stringMatching(/entries of before this run and no group nobody/),
        byHand: [expect.stringMatching(`^qctl group create ${old} nobody --from start`)],
      },
    ]);
    await redis.xgroup('CREATE', old, 'nobody', '$');
    const rows = async () =>
      (await database.sql<{ id: string; payload: string }>('SELECT id, payload FROM jobs'))
        .map(({ id, payload }) => (payload === 'native' ? payload : id))
        .toSorted();
    expect(await rows()).toEqual([`${bare}-1`, `${bare}-2`, 'native'].toSorted());
    stop = true;
    await reading;
    const again = await qctl('rollback', report.run);
    expect([again.code, JSON.parse(again.stdout).left]).toEqual([12, []]);
    const all = (await redis.xrange(busy, '-', '+')).map(([, fields]) => fields[1]!);
    expect(await rows()).toEqual([`${bare}-1`, `${bare}-2`, 'native', ...all].toSorted());
    expect(await redis.exists(`${busy}:mark`)).toBe(0);
  });
});
