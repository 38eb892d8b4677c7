import { resolve } from 'node:path';
import { readVariable } from '../src/config/environment.ts';
import type { Proposal } from '../src/init/index.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { Need } from './init/next.ts';
import type { Tried } from './init/try-lead.ts';
import type { CommandEntry } from './registry.ts';
import { createProgress } from './term/progress.ts';

interface InitFlags {
  fromEnv?: boolean;
  /** False with `--no-ports`. */
  ports: boolean;
  out: string;
  merge?: boolean;
}

/** A server on this machine answers at once; one that is far away gets its chance. */
const TIMEOUT_MS = 3000;

/** `qctl init`. */
export function newCommand(context: Context, entry: CommandEntry, run = runInit): QctlCommand {
  const command = createCommand(entry);
  command
    .option('--from-env', 'look at the environment alone: no files, no ports')
    .option('--no-ports', 'do not look at ports of this machine')
    .option('--out <path>', 'file to be written (default: qctl.yaml)', 'qctl.yaml')
    .option('--merge', 'add to a file that is there what it does not say yet');
  command.addHelpText('after', `\n${LOOKS}`);
  addExamples(command, [
    ['qctl init', 'find, try, ask, write'],
    ['qctl init --from-env --yes', 'in scripts: no question, everything that is certain'],
    ['qctl init --yes --dry-run', 'what it would write'],
  ]);
  return command.action((flags: InitFlags) => run(context, flags));
}

const LOOKS = `It looks at the environment (qctl help environment), .env, compose files in this folder, and the usual ports of
this machine. Each server is tried, read-only. No password is written: \${NAME} stands in its place.`;

/** Carries it out. What the environment names is meant: a script is told where it could not be looked at. */
export async function runInit(context: Context, flags: InitFlags): Promise<number> {
  const { env, options } = context;
  const asker = await context.asker(
    'what is to stand in qctl.yaml',
    'answer everything by its default: --yes',
  );
  const { readExisting, decideWriting, carryOut, isUsual } = await import('./init/file.ts');
  const path = flags.out;
  const before = await readExisting(path);
  const { whatIsSaid } = await import('../src/init/index.ts');
  const said = before === undefined ? undefined : whatIsSaid(path, before);
  const tried = await findAndTry(context, flags);
  const { proposalBy } = await import('./init/dialogue.ts');
  const { tryCondition } = await import('./init/try-lead.ts');
  const group = readVariable(env, 'group');
  const proposal = await proposalBy(asker, tried, {
    profile: options.profile ?? said?.profile,
    taken: said?.sources[options.profile ?? said.profile ?? ''] ?? [],
    ...(group && { group }),
    tryCondition: ({ lead, table: { table } }, condition) =>
      tryCondition(lead, options.timeoutMs ?? TIMEOUT_MS, table, condition),
  });
  const writing = await decideWriting(asker, path, before, proposal, flags.merge === true);
  if (!options.dryRun) await carryOut(path, before, writing);
  const { needsOf, nextCommands } = await import('./init/next.ts');
  const needs = needsOf(proposal, tried, env);
  const place = {
    path,
    usual: await isUsual(path),
    defaultProfile: writing.outcome === 'added' ? said?.profile : proposal.profile,
  };
  const next = nextCommands(proposal, needs, place);
  const { renderInit } = await import('./init/render.ts');
  await renderInit(context, { path, proposal, tried, writing, needs, next });
  return flags.fromEnv && tried.some(({ failure }) => failure) ? exitCodeOf('partial') : 0;
}

/** What {@link runInit} came to. */
export interface InitResult {
  path: string;
  proposal: Proposal;
  tried: readonly Tried[];
  writing: import('./init/file.ts').Writing;
  needs: readonly Need[];
  next: readonly string[];
}

async function findAndTry(context: Context, { fromEnv = false, ports }: InitFlags): Promise<Tried[]> {
  const { io, env, options, signal } = context;
  const { findLeads } = await import('./init/leads.ts');
  const { tryLead } = await import('./init/try-lead.ts');
  const { formatTried } = await import('./init/says.ts');
  const progress = createProgress(io, options);
  progress.update('looking around');
  const { leads, notes } = await findLeads({ env, folder: resolve('.'), fromEnv, ports });
  progress.update(`trying ${leads.map(({ from }) => from).join(', ') || 'nothing'}`);
  const tried = await Promise.all(
    leads.map((lead) => tryLead(lead, options.timeoutMs ?? TIMEOUT_MS)),
  ).finally(() => progress.stop());
  signal.throwIfAborted();
  if (!options.quiet) io.stderr.write(formatTried(io.stderr, tried, notes));
  return tried;
}
