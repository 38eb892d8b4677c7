import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileFacts, writeAtomically } from '../../src/backends/files/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { formatInstalled } from './format-installed.ts';
import { type Place, placeOf, SCRIPTS, type Shell } from './place.ts';
import { readScript } from './script.ts';

/** What stands in every script of qctl's, whatever its version. */
const MARK = 'completion for qctl: the candidates come from qctl itself';

/** One file and what became of it. */
export interface FileChange {
  path: string;
  /** Null: it was not there. */
  prior: 'the same' | 'another version' | 'without the line' | null;
  next: 'the same' | 'this version' | 'with the line';
}

/** What was done, or would be. */
export interface Installed {
  shell: Shell;
  dryRun: boolean;
  changes: FileChange[];
  /** What the user has to add by hand; null where nothing is missing. */
  missing: { file: string; lines: string[] } | null;
}

interface InstallFlags {
  editRc?: boolean;
}

/** `qctl completion install [shell]`. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = createCommand(entry);
  command.registeredArguments[0]?.choices(Object.keys(SCRIPTS));
  command.option('--edit-rc', 'add the line that .zshrc or .bashrc needs, where it needs one');
  addExamples(command, [
    ['qctl completion install', 'for the shell that $SHELL names'],
    ['qctl completion install zsh --edit-rc', 'with the line in .zshrc that makes zsh look there'],
  ]);
  return command.action((shell: Shell | undefined, flags: InstallFlags) => install(context, shell, flags));
}

async function install(
  context: Context,
  asked: Shell | undefined,
  { editRc = false }: InstallFlags,
): Promise<void> {
  const { io, options, env } = context;
  const shell = asked ?? ownShell(env.SHELL);
  const place = placeOf(shell, env);
  const { dryRun } = options;
  const changes = [await putScript(place.file, await readScript(shell), dryRun)];
  const edited = editRc && place.lines.length > 0;
  if (edited) changes.push(await addLines(place, dryRun));
  const missing = edited || place.lines.length === 0 ? null : { file: place.rc!, lines: place.lines };
  const installed: Installed = { shell, dryRun, changes, missing };
  await renderResult(io, options, {
    type: 'completion-install',
    data: installed,
    table: () => formatInstalled(io.stdout, installed),
  });
}

function ownShell(path: string | undefined): Shell {
  const name = basename(path ?? '').replace(/^-/, '');
  if (Object.hasOwn(SCRIPTS, name)) return name as Shell;
  const said = path ? `there is no completion for ${path}` : 'SHELL does not say which shell this is';
  throw new QctlError('usage', said, {
    code: 'SHELL_UNKNOWN',
    hint: [`name one: qctl completion install ${Object.keys(SCRIPTS).join('|')}`],
  });
}

async function putScript(path: string, script: string, dryRun: boolean): Promise<FileChange> {
  const before = await readIfThere(path);
  if (before === script) return { path, prior: 'the same', next: 'the same' };
  if (before !== undefined && !before.includes(MARK)) throw foreign(path);
  if (!dryRun) await write(path, script, 0o644);
  return { path, prior: before === undefined ? null : 'another version', next: 'this version' };
}

async function addLines({ rc, lines, first }: Place, dryRun: boolean): Promise<FileChange> {
  const path = rc!;
  const before = await readIfThere(path);
  const block = `# Added by 'qctl completion install'.\n${lines.join('\n')}\n`;
  const old = before === undefined || before === '' || before.endsWith('\n') ? (before ?? '') : `${before}\n`;
  const text = first ? `${block}${old === '' ? '' : '\n'}${old}` : `${old}${old === '' ? '' : '\n'}${block}`;
  if (!dryRun) await write(path, text, (await fileFacts(path))?.mode ?? 0o644);
  return { path, prior: before === undefined ? null : 'without the line', next: 'with the line' };
}

async function readIfThere(path: string): Promise<string | undefined> {
  // A folder or a pipe of that name is refused here.
  return (await fileFacts(path)) && readFile(path, 'utf8');
}

async function write(path: string, text: string, mode: number): Promise<void> {
  // Where it cannot be made, the writing says why.
  await mkdir(dirname(path), { recursive: true }).catch(() => undefined);
  await writeAtomically(path, Buffer.from(text), { mode });
}

function foreign(path: string): QctlError {
  return new QctlError('refused', `${path} is there already, and is not a script of qctl`, {
    code: 'COMPLETION_FOREIGN',
    hint: ['move that file away, or put the script elsewhere by hand: qctl completion SHELL > FILE'],
    details: { path },
  });
}
