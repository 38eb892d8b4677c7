import { expect, test } from 'vitest';
import { foldJournal } from '../../src/cutover/fold.ts';
import type { JournalEvent, JournalLine } from '../../src/cutover/run-types.ts';

const FIRST: JournalEvent = {
  ...{ event: 'run', plan: 'night', hash: 'sha256:aa', path: 'night.yaml', text: '', variables: {} },
  ...{ version: '0.1.0', rehearsal: false },
};

function isOpen(...events: JournalEvent[]): boolean {
  const lines = [FIRST, ...events].map((event, at) => ({
    ...{
      v: 1,
      run: 'night-1',
      seq: at + 1,
      at: '2026-11-22T02:00:00Z',
      fence: 1,
      by: 'ann',
      host: 'desk',
      pid: 1,
    },
    ...event,
  }));
  return foldJournal(lines as JournalLine[]).dataLost;
}

test('a loss stays open until somebody was asked about just that, whoever else holds the run meanwhile', () => {
  const paused = { event: 'paused', by: 'ann', why: 'p99' } as const;
  const resumed = { event: 'resumed', by: 'ann' } as const;
  expect(isOpen()).toBe(false);
  expect(isOpen({ event: 'dataLost' })).toBe(true);
  expect(isOpen({ event: 'dataLost' }, { event: 'resume' }, paused, resumed)).toBe(true);
  expect(isOpen({ event: 'dataLost' }, { ...paused, dataLost: true })).toBe(false);
  expect(isOpen({ event: 'dataLost' }, { ...paused, dataLost: true }, resumed, { event: 'dataLost' })).toBe(
    true,
  );
});
