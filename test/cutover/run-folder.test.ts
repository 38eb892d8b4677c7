import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import type { PlannedStep } from '../../src/cutover/index.ts';
import { runFolder } from '../../src/cutover/run-folder.ts';
import { stepKind } from '../../src/cutover/step.ts';
import { openStage } from './stage.ts';
import { plan, step } from './tiny.ts';

/** A step of that kind whose undo runs that program. */
function calling(name: string, program: string, path: string): PlannedStep {
  const kind = stepKind<null, null>({
    name,
    schema: z.null(),
    outline: () => ({
      ...{ does: name, undo: { does: `undo ${name}`, order: 'plain', timeoutMs: 5000 } },
      ...{ repeatable: true, earliestMs: 0, timeoutMs: 5000, asks: null },
    }),
    check: async () => 'undone',
    capture: async () => null,
    apply: async () => ({ text: 'done' }),
    undo: async (_, world) => {
      const { stdout } = await world.command({ argv: [program], timeoutMs: 5000, env: { PATH: path } });
      return { text: stdout.trim() };
    },
  });
  return step(
    { folder: '', name: `${name}-${program}` },
    { kind, outline: kind.outline(null as never, String) },
  );
}

test('on a host without the folder kubectl still goes back, and a program of the plan does not', async () => {
  const stage = openStage();
  onTestFinished(() => stage.close());
  const cwd = join(stage.folder, 'begun');
  await mkdir(cwd);
  for (const program of ['kubectl', 'other'])
    await writeFile(join(stage.folder, program), '#!/bin/sh\necho went back\n', { mode: 0o755 });
  const path = `${stage.folder}:/usr/bin:/bin`;
  const steps = [calling('kubectl', 'kubectl', path), calling('kubectl', 'other', path)];
  const wanted = plan(stage.name, steps);
  const { run } = await stage.start(wanted, { cwd }).done;
  await rm(cwd, { recursive: true });
  const { rollback, steps: told } = await stage.back(run, wanted);
  expect(rollback?.failures).toMatchObject([
    { step: 'kubectl-other', why: expect.stringContaining(`started in ${cwd} on`) },
  ]);
  expect(told[0]).toMatchObject({ state: 'undone', text: 'went back' });
});

test('where an old journal does not tell the folder, the current one counts', () => {
  expect(runFolder(null, 'h1').resolve('app.env')).toBe(join(process.cwd(), 'app.env'));
});
