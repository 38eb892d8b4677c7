import type { CutoverHost, CutoverStatus } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';

const LOOKED_AT = 20;

/**
 * The run that is meant where none is named: the only one that is not at its end, else the newest. Throws
 * `usage` where there is none, or several are under way.
 */
export async function chooseRun(host: CutoverHost, name: string | undefined): Promise<CutoverStatus> {
  const { cutoverStatus, listCutovers } = await import('../../src/cutover/index.ts');
  if (name !== undefined) return cutoverStatus(host, name);
  const runs = await listCutovers(host, LOOKED_AT);
  const open = runs.filter(({ endedAt }) => endedAt === null);
  if (open.length > 1) throw ambiguous(open);
  const [chosen] = [...open, ...runs];
  if (chosen) return chosen;
  throw new QctlError('usage', 'there are no cutovers', {
    code: 'RUN_NOT_FOUND',
    hint: ['qctl cutover run FILE begins one', 'another Redis may know them: --redis-url, --profile'],
  });
}

function ambiguous(open: readonly CutoverStatus[]): QctlError {
  return new QctlError('usage', `${open.length} cutovers are under way: name one of them`, {
    code: 'RUN_AMBIGUOUS',
    hint: open.map(({ run, plan, state }) => `${run} (${plan}, ${state})`),
  });
}
