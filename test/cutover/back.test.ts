import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import {
  abortCutover,
  type CutoverHost,
  type CutoverParts,
  type CutoverReport,
  type CutoverStatus,
  cutoverStatus,
  type PlannedCheck,
  previewRollback,
  rollbackCutover,
} from '../../src/cutover/index.ts';
import { runCommand } from '../commands/run-command.ts';
import { ownDatabase } from '../drain/driver.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { at, openStage, type Stage } from './stage.ts';
import { logOf, plan, step } from './tiny.ts';

const cleanups: (() => unknown)[] = [];
function stage(measure?: CutoverHost['measure']): Stage {
  const one = openStage(measure);
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

test('a way back that failed is gone again: what failed is tried, or vouched for by name, and nothing else is done twice', async () => {
  const { start, name, of, folder, back } = stage();
  const wanted = plan(name, [step(of('a')), step(of('b', 'badUndo')), step(of('c', 'fail'))]);
  const { run, ending } = await start(wanted).done;
  expect(ending).toBe('rollbackFailed');
  const again = await back(run, wanted);
  expect(again).toMatchObject({ ending: 'rollbackFailed', left: ['undo b'], nothingDone: false });
  await expect(start(wanted).done).rejects.toMatchObject({ code: 'UNFINISHED_RUN' });
  const wrong = (id: string) => back(run, wanted, { assumeUndone: [id] });
  const there = ['what is to be undone: b'];
  await expect(wrong('a')).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO', kind: 'refused', hint: there });
  await expect(wrong('bb')).rejects.toMatchObject({ code: 'NO_SUCH_UNDO', kind: 'usage' });
  const vouched = await wrong('b');
  expect(vouched).toMatchObject({ ending: 'rolledBack', left: [], rollback: { failures: [] } });
  expect(await logOf(folder)).toEqual(['+a', '+b', '-a']);
  await expect(wrong('b')).rejects.toMatchObject({
    kind: 'refused',
    hint: ['nothing is to be undone any more'],
  });
  expect((await start(plan(name, [step(of('d'))])).done).ending).toBe('completed');
});

describe('who vouches for one undo', () => {
  const health: PlannedCheck = {
    ...{ name: 'old', metric: 'm', with: {}, success: 'value == 0', failure: null, intervalMs: 20 },
    ...{ initialDelayMs: 0, count: null, failureLimit: 0, errorLimit: 0, inconclusiveLimit: 1000 },
    ...{ timeoutMs: 5000, dryRun: false, onFailure: 'rollback', from: 'never', until: null },
    allowFailing: false,
  };

  test('has all others done that were left because of it: the new side stopped, messages given back', async () => {
    const { start, name, of, folder, back, host, options } = stage();
    const given: string[] = [];
    const returnMessages: CutoverParts['returnMessages'] = async ({ stream }) => {
      given.push(stream);
      return { text: 'given back' };
    };
    const parts = { ...options.parts, returnMessages };
    const steps = [step(of('a', 'badUndo')), step(of('new', undefined, 'lower')), step(of('c', 'fail'))];
    const returns = ['one', 'two'].map((stream) => ({ stream, group: 'g', to: 'source' }));
    const wanted = plan(name, steps);
    Object.assign(wanted.rollback, { returns });
    const failed = await start(wanted, { parts }).done;
    const ids = ({ rollback }: CutoverReport) => rollback!.failures.map(({ step: id }) => id);
    expect(ids(failed)).toEqual(['a', 'new', 'rollback.returns/1', 'rollback.returns/2']);
    const assumeUndone = ['a', 'rollback.returns/1'];
    const foreseen = await previewRollback(failed.run, wanted, host, { ...options, assumeUndone });
    expect(foreseen.undo.map(({ step: id }) => id)).toEqual(['new', 'rollback.returns/2']);
    expect([await logOf(folder), given]).toEqual([['+a', '+new'], []]);
    const end = await back(failed.run, wanted, { parts, assumeUndone });
    expect(end).toMatchObject({ ending: 'rolledBack', left: [] });
    expect(end.steps[0]).toMatchObject({ state: 'undone', text: 'undone by hand, as the operator says' });
    expect([await logOf(folder), given]).toEqual([['+a', '+new', '-new'], ['two']]);
  });

  test('or for the health of the old side, which is not measured then, and is not told as measured', async () => {
    let measured = 0;
    const { start, name, of, folder, back } = stage(async () => {
      measured += 1;
      return 1;
    });
    const steps = [step(of('new', undefined, 'lower')), step(of('b', 'fail'))];
    const wanted = plan(name, steps, { checks: [health] });
    Object.assign(wanted.rollback, { health: ['old'], healthTimeoutMs: 100 });
    const failed = await start(wanted).done;
    expect(failed.rollback!.failures.map(({ step: id }) => id)).toEqual(['rollback.health', 'new']);
    const before = measured;
    const end = await back(failed.run, wanted, { assumeUndone: ['rollback.health'] });
    expect(end).toMatchObject({ ending: 'rolledBack', rollback: { healthyMs: null } });
    expect(end.notes).toEqual([expect.stringMatching(/healthy, as the operator says/)]);
    expect([measured, await logOf(folder)]).toEqual([before, ['+new', '-new']]);
  });

  test('while a process is at work on the run is refused, and that one goes on', async () => {
    const { start, name, of, back, host, touch } = stage();
    const wanted = plan(name, [step(of('a')), step(of('b', 'slow'))]);
    const running = start(wanted);
    const { run } = await running.until('the step', at('b'));
    await waitFor(async () => (await cutoverStatus(host, run)).alive, { what: 'the record' });
    await expect(back(run, wanted, { assumeUndone: ['a'] })).rejects.toMatchObject({ code: 'AT_WORK' });
    await touch('go-b');
    expect((await running.done).ending).toBe('completed');
  });
});

test('an undo that is tried again is not told with what the last try has left', async () => {
  const { start, name, of, host, options } = stage();
  const wanted = plan(name, [step(of('a', 'badUndo')), step(of('b', 'fail'))]);
  const { run } = await start(wanted).done;
  const left: string[][] = [];
  const status = ({ steps: [a] }: CutoverStatus): void => {
    if (a!.state === 'undoing') left.push(a!.left);
  };
  const { ending } = await rollbackCutover(
    run,
    wanted,
    host,
    options,
    { status },
    new AbortController().signal,
  );
  expect([ending, left[0]]).toEqual(['rollbackFailed', []]);
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
