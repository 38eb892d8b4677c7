import { hasPassword } from '../../src/config/redact.ts';
import { QctlError } from '../../src/errors.ts';
import {
  type Candidate,
  isCertain,
  nameOf,
  type Proposal,
  type ProposedSource,
  proposeSource,
  type TableChoice,
  unusedName,
} from '../../src/init/index.ts';
import type { Asker } from '../asker.ts';
import { describeTable, type TryCondition } from './describe-table.ts';
import { saysLook } from './says.ts';
import type { Tried } from './try-lead.ts';

/** What the answers depend on besides what was found. */
export interface Setting {
  /** Of the file that is there; or that `--profile` names. */
  profile?: string;
  /** Names of sources that the file has. */
  taken: readonly string[];
  /** REDIS_CONSUMER_GROUP, else undefined. */
  group?: string;
  tryCondition: TryCondition;
}

/** Asks what is to stand in the file; where nobody is asked, all that is certain does. */
export async function proposalBy(asker: Asker, tried: readonly Tried[], setting: Setting): Promise<Proposal> {
  const redis = await chooseRedis(asker, tried);
  const choices = choicesOf(tried);
  if (choices.length === 0) await goOnWithout(asker, tried);
  const chosen = choices.length === 0 ? [] : await asker.checkbox('Which queues are to be moved?', choices);
  const sources: ProposedSource[] = [];
  for (const candidate of chosen) {
    const name = unusedName(nameOf(candidate), [...setting.taken, ...sources.map((source) => source.name)]);
    sources.push(
      proposeSource(candidate, name, await describe(asker, candidate, name, setting.tryCondition)),
    );
  }
  const group =
    sources.length === 0
      ? null
      : await asker.input('Consumer group of the new workers', setting.group ?? 'workers');
  const profile = await asker.input(
    'Name of the profile',
    setting.profile ?? usualProfile(tried),
    nameProblem,
  );
  return { profile, ...(redis && { redis }), sources, group: group || null };
}

async function chooseRedis(asker: Asker, tried: readonly Tried[]): Promise<Proposal['redis']> {
  const all = tried.filter(({ lead }) => lead.kind === 'redis');
  const seen = all.filter(({ look }) => look);
  // One that does not answer now may be the right one; a port on which something else listens is not.
  const usable = seen.length > 0 ? seen : all.filter(({ lead }) => !lead.from.startsWith('port '));
  if (usable.length === 0) return askForRedis(asker);
  const choices = usable.map((value) => ({ name: `${value.lead.from}  ${value.look?.at ?? ''}`, value }));
  const { lead, look } =
    usable.length === 1 ? usable[0]! : await asker.select('Which Redis takes the streams?', choices);
  return {
    written: lead.written,
    remark: `${look ? saysLook(look) : 'not reached when this was written'} (${lead.from})`,
  };
}

async function askForRedis(asker: Asker): Promise<Proposal['redis']> {
  const url = await asker.input('URL of Redis (empty: not known yet)', '', urlProblem);
  return url === '' ? undefined : { written: { url }, remark: 'not tried' };
}

function urlProblem(text: string): string | true {
  if (text.trim() === '') return true;
  if (hasPassword(text)) return 'no password here: it goes into REDIS_PASSWORD';
  return (
    /^(rediss?|valkeys?|unix):\/\/\S+$|^[\w.-]+(:\d+)?$/.test(text.trim()) ||
    'write it as redis://host:6379/0'
  );
}

function nameProblem(text: string): string | true {
  return /^[\w.-]+$/.test(text.trim()) || 'letters, digits, dots, dashes and underscores';
}

/** Without a queue there is little to write: whoever sees why none was found may want to mend that first. */
async function goOnWithout(asker: Asker, tried: readonly Tried[]): Promise<void> {
  const failed = tried.filter(({ failure }) => failure).length;
  if (failed === 0 || !asker.isAsking) return;
  const goOn = await asker.select('No queue was found. What now?', [
    { name: `stop, and see to what did not answer (${failed})`, value: false },
    { name: 'write the file without a source', value: true },
  ]);
  if (!goOn)
    throw new QctlError('declined', 'nothing was written', { code: 'INIT_STOPPED', hint: ['call it again'] });
}

/** All queues that were found, with those taken that need no guessing. */
function choicesOf(tried: readonly Tried[]) {
  const candidates = tried.flatMap(candidatesOf);
  return candidates.map((value) => ({ name: labelOf(value), value, checked: isCertain(value) }));
}

function candidatesOf({ lead, look }: Tried): Candidate[] {
  if (look?.kind === 'sqs') return look.queues.map((queue) => ({ kind: 'sqs', lead, queue }));
  if (look?.kind !== 'postgres') return [];
  return [
    ...look.libraries.map((library): Candidate => ({ kind: 'library', lead, look, library })),
    ...look.tables.map((table): Candidate => ({ kind: 'table', lead, look, table })),
  ];
}

function labelOf(candidate: Candidate): string {
  if (candidate.kind === 'library') return `${candidate.library.title} (schema ${candidate.library.schema})`;
  if (candidate.kind === 'sqs') return `SQS ${candidate.queue.name}`;
  const { table, ready } = candidate.table;
  return ready === null ? table : `${table} where ${ready}`;
}

async function describe(
  asker: Asker,
  candidate: Candidate,
  name: string,
  tryCondition: TryCondition,
): Promise<TableChoice> {
  const stream = () => asker.input(`${name}: stream that it goes to`, name);
  if (candidate.kind === 'table') return describeTable(asker, candidate, stream, tryCondition);
  const unasked = { ready: null, payload: '', key: null, order: [], notBefore: null, mark: null };
  return { ...unasked, stream: await stream() };
}

function usualProfile(tried: readonly Tried[]): string {
  const at = tried.flatMap(({ look }) => look?.at ?? []);
  return at.length > 0 && at.every((text) => /localhost|127\.0\.0\.1|\[::1\]/.test(text))
    ? 'local'
    : 'production';
}
