import { notEmptyFindings, type UnfinishedRun } from '../../drain/index.ts';
import type { Finding } from '../../model/finding.ts';
import { groupFindings, groupsOf } from './groups.ts';
import { maxLenFindings } from './max-len.ts';
import { spreadFindings } from './spread.ts';
import type { Move, StreamAnswers } from './stream.ts';
import { together } from './together.ts';

/** What speaks against this stream, besides its keys and the rights to write them. */
export function findingsOfStream(answers: StreamAnswers, backlog: number | null): Finding[] {
  const { move, details, runs, cluster } = answers;
  const { stream, partitions } = move.target;
  return [
    ...(runs ?? []).flatMap((run) => runFindings(run, move)),
    ...(details ? contentFindings(answers, backlog) : []),
    ...partitionFindings(answers),
    ...(cluster ? spreadFindings(cluster, stream, partitions) : []),
  ];
}

function contentFindings({ move, details, runs }: StreamAnswers, backlog: number | null): Finding[] {
  const { target, source } = move;
  const entries = details!.reduce((sum, { length }) => sum + length, 0);
  const mode = source?.kind === 'postgres' ? source.spec.mode : 'move';
  // What an unfinished run has written is what it goes on with.
  const goesOn = (runs ?? []).some(({ mode: of, stream }) => of !== 'back' && stream === target.stream);
  const places = details!.map(({ stream, advice }) => ({
    name: stream,
    findings: advice.filter((finding) => !isMade(finding, move)),
  }));
  return [
    ...(goesOn ? [] : notEmptyFindings(entries, mode)),
    ...groupMissing(move, details!.length),
    ...together(places),
    ...groupFindings(target.stream, groupsOf(details!)),
    ...maxLenFindings(target, details!, backlog),
  ];
}

/** The drain itself will make the group. */
function isMade({ code }: Finding, { target, stream }: Move): boolean {
  return code === 'GROUP_MISSING' && stream?.group === target.createGroup;
}

/** Of a stream that there is not yet: its own advice cannot tell. */
function groupMissing({ target, stream }: Move, there: number): Finding[] {
  const group = stream?.group;
  if (there > 0 || group === undefined || group === target.createGroup) return [];
  return [
    {
      level: 'warning',
      code: 'GROUP_MISSING',
      text: `the configuration names group ${group}, which does not exist: made at $ after the drain it would get none of these messages`,
      remedy: `drain with --create-group ${group}, or 'qctl group create ${target.stream} ${group}' before`,
    },
  ];
}

function partitionFindings({ move: { target }, partitionsBefore: before }: StreamAnswers): Finding[] {
  const { stream, partitions } = target;
  if (before === undefined || before === partitions) return [];
  const parts = (count: number): string => (count === 1 ? 'as one stream' : `in ${count} partitions`);
  return [
    {
      level: 'warning',
      code: 'PARTITIONS_DIFFER',
      text: `${stream} is kept ${parts(before)} so far and is to be written ${parts(partitions)}: its consumers read elsewhere, and messages of one key lose their order`,
      remedy: before === 1 ? 'leave --partitions out, or choose another stream' : `--partitions ${before}`,
    },
  ];
}

function runFindings({ run, mode, source, stream, atWork }: UnfinishedRun, { target }: Move): Finding[] {
  const remedy = `qctl drain status ${run}`;
  if (mode === 'back' && stream === target.stream && atWork.length > 0)
    return [
      {
        level: 'blocker',
        code: 'WAY_BACK_AT_WORK',
        text: `run ${run} is giving messages of this very stream back (${atWork.join(', ')}): what is moved now would go back again`,
        remedy: `wait for it, or stop it: qctl drain stop ${run}`,
      },
    ];
  const what = mode === 'back' ? `from ${source}` : `from ${source} into ${stream}`;
  return [
    {
      level: 'warning',
      code: 'RUN_UNFINISHED',
      text: `run ${run} ${what} is not finished, and ${atWork.length > 0 ? `at work: ${atWork.join(', ')}` : 'nobody is at work on it'}`,
      remedy: `${remedy} shows it; its own command continues it, and with --fresh another run takes its place`,
    },
  ];
}
