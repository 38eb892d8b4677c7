// npm run demo: drains a Postgres table and an SQS queue into Redis, with a kill -9 in the middle.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServers } from './servers.ts';
import { tellStory } from './story.ts';
import { print, restoreCursor } from './terminal.ts';

const cleanups: (() => Promise<void>)[] = [];
let cleaned: Promise<void> | undefined;

/** Last started, first stopped; a second call waits for the first. */
function cleanUp(): Promise<void> {
  cleaned ??= (async () => {
    for (const cleanup of cleanups.reverse()) await cleanup().catch(() => undefined);
  })();
  return cleaned;
}

function build(): void {
  if (existsSync(new URL('../../dist/main.js', import.meta.url))) return;
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  if (spawnSync(process.execPath, [script], { stdio: 'inherit' }).status !== 0)
    throw new Error('the build failed');
}

async function main(): Promise<boolean> {
  const startedAt = performance.now();
  build();
  print('Starting Redis, PostgreSQL and an SQS emulator on free ports …');
  const servers = await startServers();
  cleanups.push(servers.stop);
  const proven = await tellStory(servers, (cleanup) => cleanups.push(cleanup));
  await cleanUp();
  print(
    `Servers stopped, their folders removed. ${Math.round((performance.now() - startedAt) / 1000)} s in all.`,
  );
  return proven;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    restoreCursor();
    print('\nStopping the servers …');
    void cleanUp().then(() => process.exit(code));
  });
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  // What fails while everything is being stopped fails because of that.
  if (!cleaned) {
    restoreCursor();
    process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
  }
  await cleanUp();
  process.exitCode ||= 1;
}
