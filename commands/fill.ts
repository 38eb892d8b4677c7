import type { Command } from 'commander';
import { readVariable } from '../src/config/environment.ts';
import { hasPassword } from '../src/config/redact.ts';
import type { Flags } from '../src/config/resolve.ts';
import { QctlError } from '../src/errors.ts';
import type { Context, OpenContext } from './context.ts';
import { type FlagScope, formatsOf, type OutputFormat } from './flags.ts';
import type { GlobalOptions } from './options.ts';

const URL_FLAGS = {
  redisUrl: '--redis-url',
  postgresUrl: '--postgres-url',
  brokerUrl: '--broker-url',
} as const;

/** Hands the parsed flags to the context. */
export function fillContext(context: OpenContext, command: Command, scope: FlagScope): void {
  const parsed = command.opts<Record<string, unknown>>();
  const flags = parsed as Flags;
  const options: GlobalOptions = {
    output: (parsed.output as OutputFormat | undefined) ?? outputOf(context, scope),
    outFile: parsed.outFile as string | undefined,
    profile: flags.profile,
    config: flags.config,
    quiet: parsed.quiet === true,
    verbose: parsed.verbose === true,
    yes: parsed.yes === true,
    dryRun: parsed.dryRun === true,
    timeoutMs: parsed.timeout as number | undefined,
    watchMs: parsed.watch as number | undefined,
  };
  refuseUnwatchable(options);
  context.fill(options, flags);
  warnOfPasswords(context, flags);
}

function outputOf({ env }: Context, scope: FlagScope): OutputFormat {
  const given = readVariable(env, 'output');
  const formats = formatsOf(scope);
  const format = formats.find((known) => known === (given ?? 'table'));
  if (format) return format;
  throw new QctlError('config', `QCTL_OUTPUT: expected ${formats.join(', ')}, got ${JSON.stringify(given)}`, {
    code: 'OUTPUT_INVALID',
    hint: ['set it to one of these, or unset it'],
  });
}

/** What is printed again and again must be whole each time, or one line after the other. */
function refuseUnwatchable({ watchMs, output, outFile }: GlobalOptions): void {
  if (watchMs === undefined) return;
  if (outFile !== undefined) {
    throw unwatchable('--out-file holds one result, --watch gives many', 'leave out one of the two');
  }
  if (output === 'table' || output === 'ndjson') return;
  throw unwatchable(`-o ${output} is one document, --watch gives many`, 'use -o ndjson: it appends lines');
}

function unwatchable(message: string, hint: string): QctlError {
  return new QctlError('usage', message, { code: 'WATCH_CONFLICT', hint: [hint] });
}

/** Said even with --quiet: `ps` shows the password to everyone on this machine. */
function warnOfPasswords({ io }: Context, flags: Flags): void {
  const exposed = Object.entries(URL_FLAGS).filter(([key]) =>
    hasPassword(flags[key as keyof typeof URL_FLAGS] ?? ''),
  );
  for (const [, name] of exposed) {
    io.stderr.write(
      `qctl: warning: ${name}: password in a flag is visible to other users: use an environment variable or passwordFile\n`,
    );
  }
}
