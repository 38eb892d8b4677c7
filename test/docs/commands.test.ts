import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CommandSetting } from '../commands/run-command.ts';
import { whileInvalid } from '../load/running.ts';
import { commandsOf } from './page-commands.ts';
import { PAGES, type Told } from './pages.ts';
import { openWorld, type World } from './world.ts';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
/** Made of the commands' own help, whose examples have a test of their own. */
const GENERATED = 'reference.md';
const SHOWING = readdirSync(DOCS)
  .filter((name) => name.endsWith('.md') && name !== GENERATED)
  .filter((name) => commandsOf(join(DOCS, name)).length > 0);

test('of every page that shows commands it is said what they need and come to', () => {
  expect(SHOWING.filter((name) => !PAGES[name])).toEqual([]);
});

describe.each(SHOWING)('docs/%s', (name) => {
  const page = PAGES[name] ?? { has: [] };
  const before = process.cwd();
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
    for (const part of page.has) await world.has[part]();
    // The SDK of SQS looks into the environment of the process.
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    process.chdir(world.folder);
    await page.before?.(world);
  });
  afterAll(async () => {
    process.chdir(before);
    vi.unstubAllEnvs();
    await world?.close();
  });

  test.each(commandsOf(join(DOCS, name)).map((command) => [command.line, command] as const))(
    '%s',
    async (line, command) => {
      const told = Object.entries(page.told ?? {}).find(([part]) => line.includes(part))?.[1] ?? {};
      const args = replaced(command.args, {
        ...(await page.placeholders?.(world)),
        ...told.instead?.(world),
      });
      const ended = await whileInvalid(
        () => world.run([...args, ...(told.more ?? [])], settingOf(told), command.input),
        ({ stderr }) => line.includes('load ') && stderr.includes('the result is invalid'),
      );
      const output = ended.stdout + ended.stderr;
      expect([told.code ?? 0].flat(), output).toContain(ended.code);
      if (told.says) expect(output).toMatch(told.says);
    },
  );
});

/** What is named on a page and differs here: a run, an address, a duration. */
function replaced(args: string[], instead: Record<string, string>): string[] {
  return args.map((arg) => instead[arg] ?? arg);
}

/** A command that goes on is stopped as soon as it has said what is waited for. */
function settingOf({ until, columns, answer }: Told): CommandSetting {
  const stopAt = (text: string, stop: () => void) => {
    if (until?.test(text)) stop();
  };
  return { columns, answer, ...(until ? { onStdout: stopAt, onStderr: stopAt } : {}) };
}
