import { expect, test } from 'vitest';
import { type CheckRun, runCheck } from '../../commands/check/run-check.ts';
import { createContext, type OpenContext } from '../../commands/context.ts';
import { watchSignals } from '../../commands/signals.ts';
import { QctlError } from '../../src/errors.ts';
import { Interrupted } from '../../src/model/patience.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

const silent = () => undefined;

function newContext(): { context: OpenContext; io: MemoryIo; stop: () => void } {
  const io = memoryIo();
  const host = { on: silent, off: silent, exit: silent, writeError: silent };
  const watch = watchSignals(host, silent, silent);
  return { context: createContext({ io, env: {}, watch }), io, stop: () => watch.deliver('SIGTERM') };
}

const run = (measure: CheckRun['measure'], more: Partial<CheckRun> = {}): CheckRun => ({
  ...{ check: 'lag', target: 'orders', measure },
  ...more,
});

test('a measurement that does not end is UNKNOWN before monitoring loses its patience', async () => {
  const { context, io } = newContext();
  expect(
    await runCheck(
      context,
      run(() => new Promise(silent), { limitMs: 30 }),
    ),
  ).toBe(3);
  expect(io.stdout.text).toBe('LAG UNKNOWN - orders: no result within 30ms\n');
});

test('a wait for a connection that was given up is UNKNOWN', async () => {
  const { context, io } = newContext();
  expect(
    await runCheck(
      context,
      run(() => Promise.reject(new Interrupted())),
    ),
  ).toBe(3);
  expect(io.stdout.text).toBe('LAG UNKNOWN - orders: the connection did not come back in time\n');
});

test('a signal is a signal and no finding', async () => {
  const { context, io, stop } = newContext();
  stop();
  await expect(
    runCheck(
      context,
      run(() => Promise.reject(new Interrupted())),
    ),
  ).rejects.toBeInstanceOf(Interrupted);
  expect(io.stdout.text).toBe('');
});

test('a bug and a wrong flag are not taken for findings', async () => {
  const { context } = newContext();
  for (const error of [
    new TypeError('x is not a function'),
    new QctlError('config', 'no', { code: 'NO', hint: [] }),
  ])
    await expect(
      runCheck(
        context,
        run(() => Promise.reject(error)),
      ),
    ).rejects.toBe(error);
});

test('what cannot be measured has its reason on the line and its hints below, in every format', async () => {
  const error = new QctlError('source', 'cannot read: gone', { code: 'GONE', hint: ['wait'] });
  const failing = run(() => Promise.reject(error), { labels: { source: 'a' } });
  const table = newContext();
  expect(await runCheck(table.context, failing)).toBe(3);
  expect(table.io.stdout.text).toBe('LAG UNKNOWN - orders: cannot read: gone\n');
  expect(table.io.stderr.text).toBe('  hint: wait\n');
  const metrics = newContext();
  metrics.context.options.output = 'prometheus';
  expect(await runCheck(metrics.context, { ...failing, statusOf: () => 'critical' })).toBe(2);
  expect(metrics.io.stdout.text).toContain('qctl_check_item_status{check="lag",source="a"} 2\n');
  expect(metrics.io.stderr.text).toBe('qctl: cannot read: gone\n  hint: wait\n');
});

test('a hint cannot move the cursor of a terminal, whatever names stand in it', async () => {
  const { context, io } = newContext();
  const error = new QctlError('failed', 'no', { code: 'NO', hint: ['try \u001b[2J now', 'or\nthen'] });
  await runCheck(
    context,
    run(() => Promise.reject(error)),
  );
  expect(io.stderr.text).toBe('  hint: try \\x1b[2J now\n  hint: or\n        then\n');
});
