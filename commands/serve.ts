import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { addConnectionOptions, parseWatchInterval } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { usageError } from './stream-work.ts';

/** The flags of `qctl serve`; each stands above its line in qctl.yaml. */
export interface ServeFlags {
  listen?: string;
  host?: string[];
  tokenFile?: string;
  basicAuthFile?: string;
  interval?: number;
  match?: string;
  allowActions?: boolean;
  consumers?: boolean;
}

/** From commands/ and from the bundle alike. */
const PAGE = new URL('../dist/web/', import.meta.url);

/** `qctl serve`. */
export function newCommand(context: Context, entry: CommandEntry, run = runServe): QctlCommand {
  const command = createCommand(entry)
    .option('--listen <address>', 'HOST:PORT, [ADDRESS]:PORT or PORT (default: 127.0.0.1:8090)')
    .option('--host <name>', 'name under which it may be called, as behind a proxy (repeatable)', collect)
    .option('--token-file <path>', 'file that holds the token; needed, or users, beyond this machine')
    .option('--basic-auth-file <path>', 'file of lines user:password')
    .option('--interval <duration>', 'how often Redis is looked at (default: 1s)', parseWatchInterval)
    .option('--match <pattern>', 'only streams of these names')
    .option('--allow-actions', 'let those who may look steer breakers, drains and cutovers')
    .option('--consumers', '/metrics by consumer as well: two series for each of them');
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl serve', 'a page at http://127.0.0.1:8090, for this machine'],
    [
      'qctl serve --listen 0.0.0.0:8090 --token-file /run/secrets/qctl-token',
      'for others, who give the token',
    ],
    [
      'qctl serve --host qctl.example.com --allow-actions',
      'behind a proxy of that name; actions are audited',
    ],
  ]);
  return command.action((flags: ServeFlags) => run(context, flags));
}

const NUANCES = `It changes nothing, but for the states of alert rules, which it looks at beside the page, and for what people do with
--allow-actions: that stands in the stream qctl:audit.`;

/** Carries it out, until a signal comes. */
export async function runServe(context: Context, flags: ServeFlags): Promise<void> {
  refuseDocuments(context);
  // What serves is loaded only now: help and mistakes do without.
  const { serveUntilStopped } = await import('./serve/serving.ts');
  await serveUntilStopped(context, flags, PAGE);
}

function refuseDocuments({ options: { output, outFile } }: Context): void {
  const hint = 'use -o ndjson: it appends lines';
  if (outFile !== undefined)
    throw usageError(
      '--out-file is written at the end, serving has none',
      'FOLLOW_CONFLICT',
      'redirect stdout',
    );
  if (output === 'table' || output === 'ndjson') return;
  throw usageError(`-o ${output} is one document, serving has no end`, 'FOLLOW_CONFLICT', hint);
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}
