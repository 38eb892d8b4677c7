import { QctlError } from '../errors.ts';
import { plural } from '../model/plural.ts';
import { shortList } from '../model/short-list.ts';

/** Ids that the details of an error name; all of them are counted. */
const NAMED = 100;

/** The target came back without what it had confirmed; `what` says what is missing. */
export function dataLost(label: string, what: string, details: Record<string, unknown>): QctlError {
  return new QctlError('target', `${label} has lost data: ${what}`, {
    code: 'TARGET_LOST_DATA',
    hint: [
      'Redis came back without what it had confirmed: a restart without persistence, or a failover to a replica that lagged',
      'nothing more was settled; compare with `qctl verify`, and use --durability aof or wait:N',
    ],
    details,
  });
}

/** Messages that the source has let go of and the target has lost: they stand on neither side. */
export function settledLost(
  label: string,
  where: { run: string; stream: string },
  count: number,
  ids: string[],
): QctlError {
  const named = [...new Set(ids)].slice(0, NAMED);
  const what = `${count} ${plural(count, 'message')} of run ${where.run} ${count === 1 ? 'is' : 'are'} gone from ${where.stream}, and the source had let go of ${count === 1 ? 'it' : 'them'}`;
  const list = named.length === 0 ? 'their ids are not known to this process' : `ids: ${shortList(named)}`;
  return new QctlError('target', `${label} has lost data: ${what}`, {
    code: 'TARGET_LOST_DATA',
    hint: [
      `${list}${ids.length > NAMED ? ` (100 of them in the details of -o json)` : ''}`,
      'Redis confirmed them and came back without them: a failover to a replica that lagged, or a restart without persistence',
      '--durability wait:N, with N the number of replicas, would have kept them in the source until every replica had them (--durability aof: until the disk had)',
      'a source that marks its rows as done still has them under these ids, and so has an archive of this run',
      'nothing more was settled; the same command goes on with what is left in the source',
    ],
    details: { ...where, lost: count, ids: named },
  });
}
