import type * as z from 'zod';
import { isQctlError } from '../../../errors.ts';
import type { Finding } from '../../../model/finding.ts';
import { type StepOutline, type StepResult, type StepWorld, stepKind, type UndoOutline } from '../../step.ts';
import { query } from '../command.ts';
import { type ComposeParams, type ComposeVerb, composeSchema } from './params.ts';
import { compose, orderService, type Project, stateOf, untilService } from './service.ts';

/** How a service was. */
type ComposeMemento = { containers: number; alive: number };

const TIMEOUT_MS = 300_000;

/** Moves services of docker compose, waits until they are well, and puts them back. */
export const composeStep = stepKind<ComposeParams, ComposeMemento>({
  name: 'compose',
  schema: composeSchema as unknown as z.ZodType<ComposeParams>,
  expand: (params) =>
    params.services.length === 1
      ? [{ suffix: null, params }]
      : params.services.map((service) => ({
          suffix: service.name,
          params: { ...params, services: [service] },
        })),
  outline: outlineOf,
  preflight,
  check: async (params, world) => {
    const { verb } = params;
    if (verb === 'restart' || verb === 'recreate') return 'unknown';
    const { name, replicas } = only(params);
    const { containers, running, alive } = await stateOf(name, { ...params, world });
    const up = running > 0 && running === containers;
    const done =
      verb === 'stop' ? alive === 0 : verb === 'scale' ? alive === replicas && running === replicas : up;
    return done ? 'done' : 'undone';
  },
  capture: async (params, world) => {
    const { containers, alive } = await stateOf(only(params).name, { ...params, world });
    return { containers, alive };
  },
  apply: (params, world) => perform(params.verb, only(params), { ...params, world }),
  undo: async (params, world, memento) => {
    const { name } = only(params);
    const back = oppositeOf(params.verb, memento);
    if (back === null) return { text: `${name} stays as it was before` };
    return perform(back, { name, replicas: memento.alive }, { ...params, world });
  },
});

/** The planner expands before it asks for anything else. */
function only({ services }: ComposeParams): ComposeParams['services'][number] {
  if (services.length !== 1) throw new Error('a compose step must be expanded first');
  return services[0]!;
}

function outlineOf(params: ComposeParams): StepOutline {
  const { name, replicas } = only(params);
  return {
    does: params.verb === 'scale' ? `scale ${name} to ${replicas}` : `${params.verb} ${name}`,
    undo: {
      ...undoOf(params.verb, name, replicas),
      resource: `compose:${params.project ?? ''}/${name}`,
      timeoutMs: TIMEOUT_MS,
    },
    repeatable: true,
    earliestMs: 0,
    timeoutMs: TIMEOUT_MS,
    asks: null,
  };
}

function undoOf(
  verb: ComposeVerb,
  name: string,
  replicas: number | null,
): Pick<UndoOutline, 'does' | 'order'> {
  if (verb === 'stop') return { does: `start ${name}`, order: 'raise' };
  if (verb === 'restart' || verb === 'recreate') return { does: `${verb} ${name}`, order: 'refresh' };
  if (verb === 'scale') return { does: `scale ${name} back`, order: replicas === 0 ? 'raise' : 'lower' };
  return { does: `stop ${name}`, order: 'lower' };
}

/** What brings a service back; null: it was so before. */
function oppositeOf(verb: ComposeVerb, { alive }: ComposeMemento): ComposeVerb | null {
  if (verb === 'scale') return 'scale';
  if (verb === 'stop') return alive > 0 ? 'scale' : null;
  if (verb === 'restart' || verb === 'recreate') return alive > 0 ? verb : 'stop';
  return alive > 0 ? null : 'stop';
}

async function perform(
  verb: ComposeVerb,
  { name, replicas }: { name: string; replicas: number | null },
  project: Project,
): Promise<StepResult> {
  const { world } = project;
  const count = replicas ?? 0;
  try {
    world.waiting(`until docker compose has done: ${verb} ${name}`);
    await orderService(wordsOf(verb, name, count), `${verb} ${name}`, project);
    if (verb === 'stop') await untilService(name, 'stopped', ({ alive }) => alive === 0, project);
    else if (verb === 'scale')
      await untilService(
        name,
        `${count} containers`,
        ({ running, alive }) => running === count && alive === count,
        project,
      );
    else
      await untilService(
        name,
        'well',
        ({ running, containers }) => running > 0 && running === containers,
        project,
      );
  } finally {
    world.waiting(null);
  }
  if (verb === 'scale') return { text: `${name} has ${count} containers`, positions: { containers: count } };
  return { text: verb === 'stop' ? `${name} is stopped` : `${name} is running` };
}

/** `--no-recreate`: what is only to be started or counted stays what it was, though the file has changed since. */
function wordsOf(verb: ComposeVerb, name: string, replicas: number): string[] {
  switch (verb) {
    case 'up':
      return ['up', '--detach', name];
    case 'recreate':
      return ['up', '--detach', '--no-deps', '--force-recreate', name];
    case 'scale':
      return ['up', '--detach', '--no-deps', '--no-recreate', `--scale=${name}=${replicas}`, name];
    default:
      return [verb, name];
  }
}

async function preflight(params: ComposeParams, world: StepWorld): Promise<Finding[]> {
  const { name } = only(params);
  const project = { ...params, world };
  try {
    const { containers } = await stateOf(name, project);
    if (containers > 0) return [];
  } catch (error) {
    if (!isQctlError(error)) throw error;
    return [
      { level: 'blocker', code: 'COMPOSE_UNREACHABLE', text: error.message, remedy: error.hint.join('; ') },
    ];
  }
  const known = await query(world, compose(project, 'config', '--services'));
  if (known.ended === 'ok' && known.stdout.split('\n').some((line) => line.trim() === name)) return [];
  // It may stand behind a profile, which is not listed.
  return [
    {
      level: 'warning',
      code: 'SERVICE_NOT_LISTED',
      text: `docker compose lists no service ${name}`,
      remedy: 'check its name, the file and the project',
    },
  ];
}
