import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { formatTable } from '../term/table.ts';

/** `qctl config profiles`. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = addExamples(createCommand(entry), [
    ['qctl config profiles', 'the profiles, and which of them is used'],
  ]);
  return command.action(() => listProfiles(context));
}

async function listProfiles(context: Context): Promise<void> {
  const { io, options } = context;
  const { profile, profiles } = await context.config();
  const rows = profiles.map((name) => ({ name, active: name === profile }));
  if (rows.length === 0 && io.stderr.isTTY && !options.quiet) io.stderr.write('no profiles are configured\n');
  await renderResult(io, options, {
    type: 'profile',
    data: rows,
    table: () =>
      formatTable(
        io.stdout,
        [
          { head: 'NAME', value: (row) => row.name },
          { head: 'ACTIVE', value: (row) => (row.active ? 'yes' : 'no') },
        ],
        rows,
      ),
  });
}
