import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findShell } from '../../scripts/ensure-shells.mjs';
import { cleanEnvironment, runQctl } from '../support/qctl.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { NO_TMUX, openTmux, shellCommand, type TmuxSession, zshSettings } from '../support/tmux.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));
const LIBRARY = '/usr/share/bash-completion/bash_completion';

let redis: TestRedis;

beforeAll(async () => {
  // Of its own: in it there are no names but these.
  redis = await startRedis();
  const client = new Redis(redis.url);
  await client.xgroup('CREATE', 'orders:events', 'workers', '$', 'MKSTREAM');
  await client.xadd('orders:audit', '*', 'a', '1');
  await client.xadd("it's here", '*', 'a', '1');
  await client.zadd('qctl:runs', 1, 'alerts-20261101-090000-aaaa', 2, 'alerts-20261102-090000-bbbb');
  await client.quit();
});

afterAll(() => redis.stop());

type Name = 'bash' | 'zsh' | 'fish';

/** What a user has at home before the script is installed. */
const SETTINGS: Record<Name, Record<string, string>> = {
  bash: {
    '.bashrc': `PS1='> '\n[ -f ${LIBRARY} ] && . ${LIBRARY}\n`,
    '.inputrc': 'set show-all-if-ambiguous on\nset bell-style none\n',
  },
  zsh: {
    '.zshenv': findShell('zsh') ? zshSettings() : '',
    '.zshrc': "PS1='> '\nunsetopt beep list_ambiguous\n",
  },
  fish: { '.config/fish/config.fish': 'set -g fish_greeting\nfunction fish_prompt; echo "> "; end\n' },
};

/** A shell whose user has run `qctl completion install`, and nothing else. */
async function openShell(name: Name): Promise<{ home: string; session: TmuxSession; installed: string }> {
  const home = ownFolder('shell');
  for (const [file, text] of Object.entries(SETTINGS[name])) put(join(home, file), text);
  put(join(home, 'data.ndjson'), '');
  put(join(home, 'qctl.yaml'), 'profiles: { staging: {}, live: {} }\n');
  mkdirSync(join(home, 'bin'));
  symlinkSync(BINARY, join(home, 'bin', 'qctl'));
  const { argv, env } = shellCommand(name);
  const all = { ...cleanEnvironment(), ...env, HOME: home, SHELL: argv[0]!, INPUTRC: join(home, '.inputrc') };
  const { stdout, code } = await runQctl(['completion', 'install', '--edit-rc'], {
    env: { ...all, SHELL: name },
  });
  expect(code).toBe(0);
  const session = await openTmux({
    argv,
    cwd: home,
    env: {
      ...all,
      PATH: `${join(home, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
      QCTL_REDIS_URL: redis.url,
      // On a busy machine a quarter of a second may be over before qctl has begun.
      QCTL_COMPLETION_TIMEOUT: '20s',
    },
  });
  await session.until(/^>/m, 'the prompt');
  return { home, session, installed: stdout };
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The line that is being typed. */
function lineOf(screen: string): string {
  return screen.split('\n').findLast((line) => line.startsWith('>')) ?? '';
}

for (const name of ['bash', 'zsh', 'fish'] as const) {
  const missing = NO_TMUX || (findShell(name) ? '' : `no ${name}, see scripts/ensure-shells.mjs`);
  describe.skipIf(missing !== '')(`in a real ${name}`, () => {
    let session: TmuxSession;
    let home: string;

    beforeAll(async () => {
      ({ session, home } = await openShell(name));
    });
    afterAll(async () => {
      await session?.close();
      await removeFolder(home);
    });

    /** A shell that is busy may miss C-c. It is pressed again only then: what is typed next is not to meet a late one. */
    const beginAnew = async (): Promise<void> => {
      const pressed = async (timeoutMs: number): Promise<unknown> => {
        await session.press('C-c');
        return session.until((screen) => /^>\s*$/.test(lineOf(screen)), 'an empty line', timeoutMs);
      };
      await pressed(5000).catch(() => pressed(30_000));
    };

    /** Types, presses Tab, and waits for the line; begins anew after that. */
    const completes = async (typed: string, line: string | RegExp): Promise<void> => {
      await session.type(typed);
      await session.press('Tab');
      const wanted = (screen: string) => {
        const seen = lineOf(screen).slice(1).trim();
        return typeof line === 'string' ? seen === line : line.test(seen);
      };
      await session.until(wanted, `${line} for ${typed}`);
      await beginAnew();
    };

    test('commands, flags and their values', async () => {
      await completes('qctl consu', 'qctl consumer');
      await completes('qctl stream ls --prof', 'qctl stream ls --profile');
      await completes('qctl stream ls --profile=st', 'qctl stream ls --profile=staging');
    });

    test('names of streams with colons, as far as they are alike and to the end', async () => {
      await completes('qctl stream info or', 'qctl stream info orders:');
      await completes('qctl stream info orders:e', 'qctl stream info orders:events');
      await completes('qctl group delete orders:events w', 'qctl group delete orders:events workers');
      if (name !== 'fish')
        await completes('qctl stream info "orders:e', /^qctl stream info "?orders:events"?$/);
    });

    test('a name with a blank and a quote is one word', async () => {
      await completes('qctl stream info it', /^qctl stream info (it\\'s\\ here|"it's here")$/);
    });

    test('several candidates are listed, with what there is to know of them where the shell shows that', async () => {
      await session.type('qctl drain status alerts');
      await session.press('Tab');
      const seen = await session.until(
        (screen) => /1101-090000-aaaa/.test(screen) && /1102-090000-bbbb/.test(screen),
      );
      expect(lineOf(seen)).toContain('qctl drain status alerts-2026110');
      await beginAnew();
    });

    test('files where a file belongs, and only there', async () => {
      await completes('qctl drain archive da', 'qctl drain archive data.ndjson');
      await session.type('qctl stream info da');
      await session.press('Tab');
      // What is typed behind it stands there once Tab is over.
      await session.type('!');
      await session.until((screen) => lineOf(screen).endsWith('qctl stream info da!'), 'nothing but da');
      await beginAnew();
    });

    test('without Redis commands are still completed, and nothing is said', async () => {
      const set =
        name === 'fish'
          ? 'set -x QCTL_REDIS_URL redis://127.0.0.1:1'
          : 'export QCTL_REDIS_URL=redis://127.0.0.1:1';
      await session.type(`clear; ${set}`);
      await session.press('Enter');
      await session.until(
        (screen) => !screen.includes('data') && /^>\s*$/.test(lineOf(screen)),
        'a clear screen',
      );
      await session.type('qctl stream info or');
      await session.press('Tab');
      await session.type('!');
      const seen = await session.until(
        (screen) => lineOf(screen).endsWith('stream info or!'),
        'nothing but or',
      );
      expect(seen.trim().split('\n')).toHaveLength(1);
      await beginAnew();
      await completes('qctl consu', 'qctl consumer');
    });
  });
}
