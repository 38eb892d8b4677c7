import { QctlError } from '../../../errors.ts';
import { pause } from '../../../model/patience.ts';
import type { StepWorld } from '../../step.ts';
import { commandError, order, query } from '../command.ts';
import type { ComposeParams } from './params.ts';

/** The containers of a service. */
export interface ServiceState {
  containers: number;
  /** Of them running, and not found to be unhealthy or still starting. */
  running: number;
  /** At work in any way: running, restarting, paused. */
  alive: number;
}

/** A project, in which world. */
export interface Project extends Pick<ComposeParams, 'files' | 'project'> {
  world: StepWorld;
}

const LOOK_MS = 200;
const LIST_BYTES = 4 * 1024 * 1024;

/** Program and place. */
export function compose({ files, project }: Omit<Project, 'world'>, ...rest: string[]): string[] {
  const place = files.map((file) => `--file=${file}`);
  return ['docker', 'compose', ...place, ...(project ? [`--project-name=${project}`] : []), ...rest];
}

/** Asks for the containers of a service. */
export async function stateOf(service: string, project: Project): Promise<ServiceState> {
  const argv = compose(project, 'ps', '--all', '--format=json');
  const outcome = await query(project.world, argv, { stdoutBytes: LIST_BYTES });
  if (outcome.ended !== 'ok') throw commandError(outcome, 'docker compose ps', project.world);
  const own = parseContainers(outcome.stdout).filter((container) => container.Service === service);
  const alive = own.filter(({ State }) => !['exited', 'created', 'dead', 'removing'].includes(State ?? ''));
  const running = alive.filter(
    ({ State, Health }) => State === 'running' && (!Health || Health === 'healthy'),
  );
  return { containers: own.length, running: running.length, alive: alive.length };
}

interface Container {
  Service?: string;
  State?: string;
  Health?: string;
}

/** A container a line; before version 2.21 it was one array. */
export function parseContainers(text: string): Container[] {
  try {
    const lines = text.trimStart().startsWith('[') ? [text] : text.split('\n').filter((line) => line.trim());
    return lines.flatMap((line) => JSON.parse(line) as Container | Container[]);
  } catch (cause) {
    throw new QctlError('failed', 'docker compose ps gave what is no JSON', {
      code: 'COMPOSE_UNREADABLE',
      hint: ['docker compose version: 2.0 or newer is needed'],
      cause,
    });
  }
}

/** Gives an order and fails as docker does. */
export async function orderService(words: string[], what: string, project: Project): Promise<void> {
  const outcome = await order(project.world, compose(project, ...words));
  if (outcome.ended !== 'ok') throw commandError(outcome, what, project.world);
}

/** Waits until a service is as it should be. */
export async function untilService(
  service: string,
  wanted: string,
  isSo: (state: ServiceState) => boolean,
  project: Project,
): Promise<void> {
  const { world } = project;
  for (;;) {
    const state = await stateOf(service, project);
    if (isSo(state)) return;
    const now = `${state.running} of ${state.containers} containers are well`;
    world.waiting(`until ${service} is ${wanted}: ${now}`);
    await pause(LOOK_MS, world.signal);
    if (world.signal.aborted)
      throw new QctlError('failed', `${service} is not ${wanted} in its time: ${now}`, {
        code: 'SERVICE_NOT_READY',
        hint: [compose(project, 'logs', '--tail=50', service).join(' ')],
      });
  }
}
