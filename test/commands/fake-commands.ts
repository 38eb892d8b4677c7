// Run as a process of its own: qctl with a check that ends as its argument says.
import { setTimeout as sleep } from 'node:timers/promises';
import { createCommand } from '../../commands/command.ts';
import type { Context } from '../../commands/context.ts';
import { addConnectionOptions } from '../../commands/options.ts';
import { COMMANDS, type CommandEntry } from '../../commands/registry.ts';
import { run } from '../../commands/run.ts';

const check: CommandEntry = {
  name: 'fake check',
  summary: 'end as the argument says',
  impact: 'read',
  nagios: true,
  args: '<outcome>',
  load: async () => ({
    newCommand: (context, entry) =>
      addConnectionOptions(createCommand(entry), ['redis']).action((outcome: string) =>
        end(context, outcome),
      ),
  }),
};

async function end(context: Context, outcome: string): Promise<number> {
  if (outcome === 'bug') throw new TypeError('x is not a function');
  if (outcome === 'redis') await context.redis();
  context.io.stdout.write('CRITICAL - lag 7\n');
  if (outcome === 'wait') {
    context.io.stderr.write('begun\n');
    await sleep(60_000, undefined, { signal: context.signal });
  }
  if (outcome === 'hang') {
    context.io.stderr.write('begun\n');
    await sleep(60_000);
  }
  // Until the pipe is seen to be closed.
  if (outcome === 'closed') while (!context.io.stdout.closed) await new Promise(setImmediate);
  return 2;
}

(COMMANDS as CommandEntry[]).push(check);
process.exitCode = await run(process.argv.slice(2), '0.0.0-test');
