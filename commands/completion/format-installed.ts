import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';
import { wrapLines } from '../term/text.ts';
import type { FileChange, Installed } from './install.ts';

const COLUMNS: Column<FileChange>[] = [
  { head: 'FILE', value: ({ path }) => path, whole: true },
  { head: 'BEFORE', value: ({ prior }) => prior },
  { head: 'NOW', value: ({ next }) => next },
];

/** The files, prior and new, and what is still to be done. */
export function formatInstalled(output: Output, { shell, dryRun, changes, missing }: Installed): string {
  const table = formatTable(output, COLUMNS, changes);
  return `${table}${dryRun ? 'nothing was written (--dry-run)\n' : ''}${wrapLines(nextText(shell, missing), output.columns)}\n`;
}

function nextText(shell: Installed['shell'], missing: Installed['missing']): string {
  const open = shell === 'fish' ? 'It works in every fish from now on.' : 'It works in every new shell.';
  if (!missing) return open;
  // As it is, each line to be copied.
  const lines = missing.lines.map((line) => `  ${line}`).join('\n');
  const where = missing.lines[0]!.startsWith('fpath') ? 'at the top of' : 'to';
  return `${shell} does not look there yet. Add ${where} ${missing.file}:\n${lines}\nor let it be added: qctl completion install ${shell} --edit-rc`;
}
