import { durabilityFindings, serverFindings } from '../../drain/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { MoveRequest } from '../request.ts';
import { accessFindings } from './access.ts';
import { slotFindings } from './cluster.ts';
import { nodeFindings } from './node-findings.ts';
import type { ServerAnswers } from './server.ts';
import { together } from './together.ts';
import { type Lacking, unknownFindings } from './unknown.ts';

/** What speaks against this server as the target of these moves; without any, of a move as qctl makes it by default. */
export function findingsOfServer(answers: ServerAnswers, moves: readonly MoveRequest[]): Finding[] {
  const { common, nodes, access, cluster } = answers;
  const targets = moves.filter(({ target }) => target !== null);
  const durabilities = new Set(targets.map(({ target }) => target!.durability));
  const allowEviction = targets.length > 0 && targets.every(({ settings }) => settings.allowEviction);
  const places = nodes.map((node) => ({ name: `master ${node.address}`, findings: nodeFindings(node) }));
  return [
    ...serverFindings(common, { allowEviction }),
    ...saveFindings(answers),
    ...(cluster ? slotFindings(cluster) : []),
    ...[...(durabilities.size > 0 ? durabilities : ['memory'])].flatMap((wanted) =>
      durabilityFindings(wanted, common),
    ),
    ...together(places),
    ...together(access.map((one) => ({ name: `master ${one.address}`, findings: accessFindings(one) }))),
    ...unknownFindings(lackingOf(answers), access[0]?.user ?? null),
  ];
}

/** Where writes are refused because of it, the preflight says so. */
function saveFindings({ common: { saveFailed, writable } }: ServerAnswers): Finding[] {
  if (!saveFailed || writable === false) return [];
  return [
    {
      level: 'warning',
      code: 'SAVE_FAILED',
      text: 'the last snapshot, or the last write to the append-only file, failed: a restart would bring back an older state, without the messages since',
      remedy: 'make room on the disk of the server (its log says what failed), then BGSAVE or BGREWRITEAOF',
    },
  ];
}

function lackingOf({ nodes: [node] }: ServerAnswers): Lacking[] {
  const lacking: Lacking[] = [];
  if (node && node.usedMemoryBytes === null)
    lacking.push({ command: 'INFO', right: '+info', facts: 'version, role, memory, replicas' });
  if (node && node.streamNodeMaxBytes === null)
    lacking.push({
      command: 'CONFIG GET',
      right: '+config|get',
      facts: 'fsync policy, save points, min-replicas-to-write, maxclients, sizes of stream nodes',
    });
  if (node && node.scriptP50Ms === null)
    lacking.push({ command: 'EVAL', right: '+eval', facts: 'latency of scripts' });
  return lacking;
}
