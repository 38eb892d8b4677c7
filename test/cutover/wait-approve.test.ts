import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { approve } from '../../src/cutover/steps/approve.ts';
import { wait } from '../../src/cutover/steps/wait.ts';
import { QctlError } from '../../src/errors.ts';
import { filesWorld, scratch, step } from './files-world.ts';

const LAG = { metric: 'redis.lag', with: { stream: 's' }, success: 'value < 5' };

function measuring(...values: (number | null | Error)[]) {
  return async () => {
    const value = values.length > 1 ? values.shift()! : values[0]!;
    if (value instanceof Error) throw value;
    return value;
  };
}

test('a wait ends when what is measured is as it should be; no number and no answer are not', async () => {
  const away = new QctlError('target', 'redis is away', { code: 'X', hint: [] });
  const world = filesWorld('/nowhere', { host: { measure: measuring(null, away, 9, 4) } });
  const lag = step(wait, { until: LAG, atMost: '1m', every: '1ms' }, world);
  expect(lag.outline).toMatchObject({ undo: 'nothing', earliestMs: 0, timeoutMs: 120_000 });
  expect((await lag.apply(await lag.capture())).text).toBe('redis.lag: 4 is < 5');
  expect(world.seen.waits.join()).toMatch(/no number yet.*redis is away.*9 is not < 5/);
  expect(world.seen.waits.at(-1)).toBeNull();
});

test('a wait that is over says the last value', async () => {
  const lag = step(
    wait,
    { until: LAG, atMost: '5ms', every: '1ms' },
    filesWorld('/nowhere', { host: { measure: measuring(9) } }),
  );
  await expect(lag.apply(await lag.capture())).rejects.toMatchObject({
    kind: 'threshold',
    message: expect.stringContaining('9 is not < 5'),
  });
});

test('a baseline is what was measured before', async () => {
  const world = filesWorld('/nowhere', { host: { measure: measuring(10, 21, 19) } });
  const lag = step(
    wait,
    { until: { ...LAG, success: 'value < baseline * 2' }, atMost: '1m', every: '1ms' },
    world,
  );
  const memento = await lag.capture();
  expect(memento).toMatchObject({ baseline: 10 });
  expect((await lag.apply(memento)).text).toContain('19');
});

test('a wait that was cut off does not begin anew, and one for a time of day ends on the clock', async () => {
  let now = new Date(2026, 0, 31, 23, 59, 59, 990);
  const startedAt = now.toISOString();
  const world = filesWorld('/nowhere', { host: { now: () => now }, startedAt });
  const hour = step(wait, { until: '00:00' }, world);
  const memento = (await hour.capture()) as { until: string };
  expect(new Date(memento.until)).toEqual(new Date(2026, 1, 1));
  now = new Date(2026, 1, 1, 0, 0, 1);
  expect((await hour.apply(memento)).text).toContain('it is past');
  // A step that begins after its hour does not wait for the next day.
  expect(await hour.capture()).toEqual(memento);
  expect(step(wait, '30s', world).outline).toMatchObject({ does: 'wait for 30s', earliestMs: 30_000 });
  for (const wrong of [
    'x',
    { until: '25:00' },
    { until: { ...LAG, success: 'value <' }, atMost: '1s' },
    { for: '1s', until: '02:00' },
  ])
    expect(wait.schema.safeParse(wrong).success).toBe(false);
});

test('a wait ends with its signal', async () => {
  const control = new AbortController();
  const long = step(wait, { for: '1h' }, filesWorld('/nowhere', { signal: control.signal }));
  const waiting = long.apply(await long.capture());
  control.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

const since = { since: '2026-01-01T00:00:00.000Z' };

test('qctl cutover approve lets it go on, and takes the question on the terminal back', async () => {
  let taken = false;
  const ask = (_question: string, signal: AbortSignal) =>
    new Promise<boolean>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        taken = true;
        reject(new Error('taken back'));
      });
    });
  let looks = 0;
  const approval = async () => (++looks > 1 ? { by: 'bob@h2', at: '' } : undefined);
  const world = filesWorld('/nowhere', { approval, host: { ask } });
  expect((await step(approve, { text: 'the flip' }, world).apply(since)).text).toBe('approved by bob@h2');
  expect(taken).toBe(true);
  expect(world.seen.waits).toEqual([
    'waits for approval (the flip): qctl cutover approve run-1 --step flip',
    null,
  ]);
  expect((await step(approve, { text: 'the flip' }, world).apply(since)).text).toBe('approved by bob@h2');
  expect(world.seen.waits).toHaveLength(2);
});

test.each(['go on', 'go on?'])('the terminal asks with one question mark: %s', async (text) => {
  const asked: string[] = [];
  const ask = async (question: string) => asked.push(question) > 0;
  await step(approve, { text }, filesWorld('/nowhere', { host: { ask } })).apply(since);
  expect(asked).toEqual(['Approve: go on?']);
});

test('a no on the terminal is a no, and a terminal that is gone is none', async () => {
  const no = step(approve, { text: 'it' }, filesWorld('/nowhere', { host: { ask: async () => false } }));
  await expect(no.apply(since)).rejects.toMatchObject({ kind: 'declined' });
  const yes = step(approve, { text: 'it' }, filesWorld('/nowhere', { host: { ask: async () => true } }));
  expect((await yes.apply(since)).text).toBe('approved by ann at the terminal');
  const ask = () => Promise.reject(new Error('EPIPE'));
  const gone = step(approve, { text: 'it', timeout: '1ms' }, filesWorld('/nowhere', { host: { ask } }));
  await expect(gone.apply({ since: new Date().toISOString() })).rejects.toMatchObject({
    code: 'APPROVAL_TIMEOUT',
    kind: 'paused',
  });
});

test('a file approves with the name in it, but not one that an earlier run left', async () => {
  const folder = await scratch();
  const file = join(folder, 'ok-run-1');
  const one = step(
    approve,
    { text: 'it', file: join(folder, 'ok-{{run}}'), timeout: '1ms' },
    filesWorld(folder),
  );
  const memento = await one.capture();
  await writeFile(file, 'carol\n');
  // The time is over, and the answer there.
  expect((await one.apply(memento)).text).toBe(`approved by carol (${file})`);
  await utimes(file, new Date(0), new Date(0));
  expect(await one.preflight()).toMatchObject([{ level: 'warning', code: 'APPROVAL_FILE_OLD' }]);
  await expect(one.apply(await one.capture())).rejects.toMatchObject({ code: 'APPROVAL_TIMEOUT' });
});

test('an approval that is not given ends with the step', async () => {
  const control = new AbortController();
  const one = step(approve, { text: 'it' }, filesWorld('/nowhere', { signal: control.signal }));
  const waiting = one.apply(since);
  control.abort(new Error('aborted by ann'));
  await expect(waiting).rejects.toThrow('aborted by ann');
  expect((await one.rehearse()).text).toBe('would ask for approval: it');
});
