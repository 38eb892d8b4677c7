import type { CutoverHost, CutoverStatus } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';
import { stateFolder } from './parts.ts';

const LOOKED_AT = 20;

/**
 * The run that is meant where none is named: the only one that is not at its end, else the newest. Throws
 * `usage` where there is none, or several are under way.
 */
export async function chooseRun(
  context: Context,
  host: CutoverHost,
  name: string | undefined,
): Promise<CutoverStatus> {
  const { cutoverStatus, findRun, keptRuns, listCutovers } = await import('../../src/cutover/index.ts');
  const kept = () => keptRuns(stateFolder(context));
  if (name !== undefined) {
    const record = await findRun(host, name);
    if (!record && (await kept()).includes(name)) throw lost(name);
    return record?.status ?? cutoverStatus(host, name);
  }
  const runs = await listCutovers(host, LOOKED_AT);
  const open = runs.filter(({ endedAt }) => endedAt === null);
  if (open.length > 1) throw ambiguous(open);
  const [chosen] = [...open, ...runs];
  if (chosen) return chosen;
  const [newest] = await kept();
  throw newest === undefined ? none() : lost(newest);
}

function none(): QctlError {
  return new QctlError('usage', 'there are no cutovers', {
    code: 'RUN_NOT_FOUND',
    hint: ['qctl cutover run FILE begins one', 'another Redis may know them: --redis-url, --profile'],
  });
}

/** Redis was emptied, or came back without its data; the journal here has all of it. */
function lost(run: string): QctlError {
  return new QctlError('usage', `this Redis knows no run ${run}, whose journal stands on this host`, {
    code: 'RUN_NOT_FOUND',
    hint: [
      'another Redis may know it: --redis-url, --profile',
      `where this one has lost it, to go back: qctl rollback ${run}`,
      `to go on, or only to tell Redis how it ended: qctl cutover resume ${run}`,
    ],
  });
}

function ambiguous(open: readonly CutoverStatus[]): QctlError {
  return new QctlError('usage', `${open.length} cutovers are under way: name one of them`, {
    code: 'RUN_AMBIGUOUS',
    hint: open.map(({ run, plan, state }) => `${run} (${plan}, ${state})`),
  });
}
