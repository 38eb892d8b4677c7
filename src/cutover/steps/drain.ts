import type * as z from 'zod';
import { type backDrain, type DrainParams, drainSchema, type forwardDrain } from '../../config/drain-step.ts';
import { type DrainReport, type OpenDrain, openBack, openDrain, runDrain } from '../../drain/index.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { BackDrain, ForwardDrain } from '../host.ts';
import { returnMessages } from '../return-messages.ts';
import { returnOf } from '../rollback.ts';
import { type StepOutline, type StepResult, type StepWorld, stepKind } from '../step.ts';

type ForwardParams = z.output<typeof forwardDrain>;

/** An empty source may take long to be reached. */
const DRAIN_TIMEOUT_MS = 3_600_000;
const RETURN_TIMEOUT_MS = 300_000;
/** Blockers of today that the steps before this one are there to remove. */
const CHANGES_UNTIL_THEN = new Set([
  'CONSUMERS_ACTIVE',
  'DRAIN_AT_WORK',
  'WAY_BACK_AT_WORK',
  'DRAIN_OPEN',
  'SCHEDULED_MESSAGES',
  'TARGET_NOT_A_STREAM',
]);

/** Found before anything is done: a rollback could not do what the plan says. */
const NO_WAY_BACK: Finding = {
  level: 'blocker',
  code: 'NO_WAY_BACK_TO_CELERY',
  text: 'the drain has a group, whose unfinished messages would go back in a rollback, and qctl does not give messages back to Celery',
  remedy: 'leave out group: of the drain, and say in the plan what becomes of the messages',
};

/** `drain`: everything of a source into its stream, exactly once; or what a group has not finished back. */
export const drain = stepKind<DrainParams, null>({
  name: 'drain',
  standsInRedis: true,
  schema: drainSchema as z.ZodType<DrainParams>,
  outline,
  preflight: async (params, world) => {
    const { findings } = await look(params, world);
    return findings.map((finding) =>
      finding.level === 'blocker' && CHANGES_UNTIL_THEN.has(finding.code)
        ? { ...finding, level: 'warning' as const }
        : finding,
    );
  },
  // Only the drain itself can tell, and it repeats nothing.
  check: async () => 'unknown',
  capture: async () => null,
  apply: async (params, world) =>
    'to' in params ? returnMessages(toBack(params), world) : moveForward(params, world),
  undo: async (params, world) => {
    if ('to' in params || params.group === undefined) throw new Error('a drain without group is not undone');
    const { stream } = (await world.host.drainRequest(toForward(params, world))).target;
    return returnMessages(
      {
        stream,
        group: params.group,
        to: params.source,
        partitions: params.partitions,
        ...(params.other && { other: params.other }),
      },
      world,
    );
  },
  rehearse: async (params, world) => {
    const { text: found, findings } = await look(params, world);
    const blocker = findings.find(({ level, code }) => level === 'blocker' && !CHANGES_UNTIL_THEN.has(code));
    if (blocker) throw refused(params, [blocker]);
    return { text: `would move ${found}` };
  },
});

function outline(params: DrainParams): StepOutline {
  const common = { repeatable: true, earliestMs: 0, timeoutMs: DRAIN_TIMEOUT_MS, asks: null };
  if ('to' in params)
    return {
      ...common,
      does: `give back to ${params.to} what ${params.group} has not finished of ${params.stream}`,
      undo: 'missing',
    };
  const what = params.types ? ` (${params.types.join(', ')})` : '';
  const to = params.archive === undefined ? '' : `, archived in ${params.archive}`;
  return {
    ...common,
    does: `drain ${params.source}${what} into ${params.stream ?? 'its stream'}${to}`,
    undo:
      params.group === undefined
        ? 'missing'
        : {
            does: `give back to ${params.source} what ${params.group} has not finished`,
            order: 'return',
            resource: returnOf({ ...params, group: params.group, to: params.source }),
            timeoutMs: RETURN_TIMEOUT_MS,
          },
  };
}

function toForward(
  { rate, settle, wait, archive, group: _, until: __, other: ___, ...rest }: ForwardParams,
  world: StepWorld,
): ForwardDrain {
  return {
    ...rest,
    ...{ ratePerSecond: rate, settleMs: settle, waitMs: wait },
    ...(archive !== undefined && { archive: archiveAt(archive, world) }),
  };
}

/** What ends with / is a folder, also where it is said from where it counts. */
function archiveAt(path: string, world: StepWorld): string {
  return `${world.readFrom(path)}${path.endsWith('/') ? '/' : ''}`;
}

function toBack({ minIdle, ...rest }: z.output<typeof backDrain>): BackDrain {
  return { ...rest, minIdleMs: minIdle };
}

/** What would be moved, and what speaks against it. Changes nothing. */
async function look(params: DrainParams, world: StepWorld): Promise<{ text: string; findings: Finding[] }> {
  const { host } = world;
  if ('to' in params) {
    const { request, streams } = await host.backRequest(toBack(params));
    const opened = await openBack(request, streams, host.now());
    await opened.close();
    const { pending, undelivered, findings } = opened.plan;
    return { text: `${pending} pending and ${undelivered ?? 'many'} undelivered entries`, findings };
  }
  const request = await host.drainRequest(toForward(params, world));
  const opened = await openDrain(request, host.now());
  await opened.close();
  const { depth } = opened.plan;
  const noWayBack = request.source.kind === 'celery' && params.group !== undefined;
  const findings = [...opened.plan.findings, ...(noWayBack ? [NO_WAY_BACK] : [])];
  return {
    text: depth.ready === null ? 'what is ready' : `${depth.ready} ${plural(depth.ready, 'message')}`,
    findings,
  };
}

async function moveForward(params: ForwardParams, world: StepWorld): Promise<StepResult> {
  const { host, signal } = world;
  const spec = toForward(params, world);
  const opened = await openDrain(await host.drainRequest(spec), host.now());
  try {
    const blockers = opened.plan.findings.filter(({ level }) => level === 'blocker');
    if (blockers.length > 0) throw refused(spec, blockers);
    await world.guard();
    const events = {
      progress: ({ waitingFor }: { waitingFor: string | null }) => world.waiting(waitingFor),
      note: (said: string) => world.note(said),
    };
    const report = await runDrain(params.until === 'backlog' ? ofBacklog(opened) : opened, events, signal);
    signal.throwIfAborted();
    for (const text of report.notes) world.note(text);
    if (!report.converged)
      throw new QctlError(
        'partial',
        `drain of ${spec.source}, run ${report.run}: ${report.problems.join('; ')}`,
        {
          code: 'DRAIN_NOT_CONVERGED',
          hint: [`qctl verify ${report.run}`],
          details: { run: report.run },
        },
      );
    return {
      text: `${report.appended} ${plural(report.appended, 'message')} of ${spec.source} in ${report.stream}${beside(report)}${kept(report)}, run ${report.run}, shown to be complete`,
      positions: {
        ...{ appended: report.appended, settled: report.settled },
        ...{ drain: report.run, stream: report.stream },
      },
    };
  } finally {
    world.waiting(null);
    await opened.close();
  }
}

function beside({ scheduled }: DrainReport): string {
  return scheduled > 0 ? `, ${scheduled} put aside until they are due` : '';
}

function kept({ archive }: DrainReport): string {
  return archive ? `, ${archive.messages} in ${archive.file}` : '';
}

/** No more than is ready now; where that is not known, or nothing is, to the end. */
function ofBacklog(opened: OpenDrain): OpenDrain {
  const { request, plan } = opened;
  const limit = Math.min(request.settings.limit ?? Number.POSITIVE_INFINITY, plan.depth.ready || 1);
  return { ...opened, request: { ...request, settings: { ...request.settings, limit } } };
}

function refused(spec: object, blockers: readonly Finding[]): QctlError {
  const what = 'source' in spec ? `drain of ${spec.source}` : 'the way back';
  return new QctlError('refused', `${what}: ${blockers.map(({ text: said }) => said).join('; ')}`, {
    code: blockers[0]!.code,
    hint: blockers.flatMap(({ remedy }) => remedy ?? []),
  });
}
