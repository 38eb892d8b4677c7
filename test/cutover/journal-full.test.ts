import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JournalFile } from '../../src/cutover/journal-file.ts';
import { openStage } from './stage.ts';
import { logOf, plan, step } from './tiny.ts';

test('where the disk of a run is full it says how to go on and back, also at once', async () => {
  const journal = new JournalFile('/state/night-1.jsonl', await open('/dev/full', 'w'));
  const failure = (await journal.append('{}').catch((error: unknown) => error)) as { hint: string[] };
  await journal.close();
  expect(failure).toMatchObject({ code: 'JOURNAL_UNUSABLE', message: expect.stringContaining('ENOSPC') });
  expect(failure.hint.join('\n')).toMatch(/resume night-1.*rollback night-1\n.*QCTL_STATE_DIR/);
});

test('a run whose folder takes nothing any more goes back from another folder', async () => {
  const stage = openStage();
  const night = plan(stage.name, [step(stage.of('a'))]);
  const { run } = await stage.start(night).done;
  await expect(stage.back(run, night, { stateFolder: '/dev/full' })).rejects.toThrow(/journal/);
  const { ending } = await stage.back(run, night, { stateFolder: join(stage.folder, 'other') });
  expect([ending, await logOf(stage.folder)]).toEqual(['rolledBack', ['+a', '-a']]);
  await stage.close();
});
