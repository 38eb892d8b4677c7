import { redactConfig } from '../../src/config/redact.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { breakerWarnings, warningLine, writtenSettings } from '../breaker/configured.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import type { Io } from '../term/io.ts';
import { renderResult } from '../term/render.ts';
import { formatTable } from '../term/table.ts';
import { formatYaml } from '../term/yaml.ts';

/** `qctl config show`. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = addConnectionOptions(createCommand(entry), ['redis']);
  addExamples(command, [
    ['qctl config show --profile production', 'what is in force there, without secrets'],
    ['qctl config show -o yaml', 'the same as a document'],
  ]);
  return command.action(() => showConfig(context));
}

async function showConfig(context: Context): Promise<void> {
  const config = redactConfig(await context.config());
  if (!context.options.quiet) context.io.stderr.write(breakerWarnings(config).map(warningLine).join(''));
  await renderResult(context.io, context.options, {
    type: 'config',
    data: { ...config, profile: config.profile ?? null },
    table: () => describe(context.io, config),
  });
}

/** What is in use as YAML, and below it where each part comes from. */
function describe(io: Io, config: ResolvedConfig): string {
  const { profile, files, redis, sources, streams, breakers, defaults, origins } = config;
  const used = {
    ...{ profile: profile ?? null, files, redis: redis ?? null, sources, streams },
    ...{ breakers: mapValues(breakers, writtenSettings), defaults },
  };
  const rows = Object.entries(origins);
  if (rows.length === 0) return formatYaml(used);
  const table = formatTable(
    io.stdout,
    [
      { head: 'PART', value: ([part]) => part },
      { head: 'FROM', value: ([, origin]) => origin },
    ],
    rows,
  );
  return `${formatYaml(used)}\n${table}`;
}

function mapValues<T, R>(named: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, map(value)]));
}
