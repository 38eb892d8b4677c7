import { QctlError } from '../../src/errors.ts';
import { createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';

/** Placeholder until the command is written. */
export function newCommand(_context: Context, entry: CommandEntry): QctlCommand {
  return createCommand(entry).action(() => {
    throw new QctlError('failed', 'not available yet', { code: 'NOT_AVAILABLE' });
  });
}
