import { type Lead, namesIn, type Proposal } from '../../src/init/index.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import { isEmulator, type Tried } from './try-lead.ts';

/** A variable that the file names and the environment does not set. */
export interface Need {
  name: string;
  /** File in which it stands: `.env`, `compose.yaml`; null: nobody knows. */
  file: string | null;
}

/** What has to be set before the file can be used. */
export function needsOf(
  proposal: Proposal,
  tried: readonly Tried[],
  env: Readonly<Record<string, string | undefined>>,
): Need[] {
  const used = [proposal.redis?.written, ...proposal.sources.map(({ written }) => written)];
  const keepers = new Map(
    tried.flatMap(({ lead }) => namesIn(lead.written).map((name) => [name, lead.kept] as const)),
  );
  const names = namesIn(used).filter((name) => !env[name]);
  const needs = names.map((name): Need => ({ name, file: keepers.get(name) ?? null }));
  return [...needs, ...emulatorNeeds(proposal, tried, env)];
}

/** An emulator takes any key; without one nothing is sent. */
function emulatorNeeds(
  { sources }: Proposal,
  tried: readonly Tried[],
  env: Readonly<Record<string, string | undefined>>,
): Need[] {
  const isUsed = (lead: Lead) =>
    sources.some(({ written }) => written.kind === 'sqs' && written.endpoint === lead.written.endpoint);
  const any = tried.some(({ lead }) => lead.kind === 'sqs' && isEmulator(lead) && isUsed(lead));
  if (!any || env.AWS_PROFILE || (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY)) return [];
  return ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({ name, file: null }));
}

/** The commands to type next, in order. */
export function nextCommands(
  { sources, group, profile }: Proposal,
  needs: readonly Need[],
  { path, usual, defaultProfile }: { path: string; usual: boolean; defaultProfile: string | undefined },
): string[] {
  const flags = [
    ...(usual ? [] : [`--config ${shellWord(path)}`]),
    ...(defaultProfile === undefined || defaultProfile === profile
      ? []
      : [`--profile ${shellWord(profile)}`]),
  ];
  const line = (...words: string[]) => ['qctl', ...words, ...flags].join(' ');
  const [first] = sources;
  const fromDotenv = needs.some(({ file }) => file === '.env');
  const exports = needs.filter(({ file }) => file !== '.env').map(({ name }) => `export ${name}=…`);
  return [
    ...(fromDotenv ? ['set -a; . ./.env; set +a'] : []),
    ...exports,
    line('config', 'validate'),
    ...(first ? [line('analyse', '--source', shellWord(first.name))] : []),
    ...(first ? drainsOf(first, group).map((words) => line(...words)) : [line('stream', 'ls')]),
  ];
}

/** The plan first. */
function drainsOf({ written, name }: Proposal['sources'][number], group: string | null): string[][] {
  const drain = ['drain', String(written.kind), shellWord(name)];
  const grouped = group === null ? drain : [...drain, '--create-group', shellWord(group)];
  return [
    [...grouped, '--dry-run'],
    [...grouped, '--yes'],
  ];
}
