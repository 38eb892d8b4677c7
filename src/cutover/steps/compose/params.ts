import * as z from 'zod';
import { text } from '../common.ts';

/** What is done to a service. */
export type ComposeVerb = 'up' | 'stop' | 'start' | 'restart' | 'recreate' | 'scale';

/** A step, as its kind sees it: after it was expanded there is one service. */
export interface ComposeParams {
  verb: ComposeVerb;
  services: { name: string; replicas: number | null }[];
  files: string[];
  project?: string;
}

const VERBS: readonly ComposeVerb[] = ['up', 'stop', 'start', 'restart', 'recreate', 'scale'];

const service = text.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'expected the name of a service');
const services = z.union([service, z.array(service).min(1)]);

/** What stands behind `compose:` in a plan: one verb on one service or several, one after the other. */
export const composeSchema = z
  .strictObject({
    /** Brings up a service that was not there, and what it depends on. */
    up: services.optional(),
    stop: services.optional(),
    start: services.optional(),
    /** Without reading the file again. */
    restart: services.optional(),
    /** Makes its containers anew, from the file and the environment files as they are then. */
    recreate: services.optional(),
    scale: z.record(service, z.number().int().min(0).max(10_000)).optional(),
    /** Default: the one that docker compose finds. */
    file: z.union([text, z.array(text).min(1)]).optional(),
    project: text.regex(/^[a-z0-9][a-z0-9_-]*$/, 'expected the name of a project').optional(),
  })
  .refine((given) => VERBS.filter((verb) => given[verb] !== undefined).length === 1, {
    message: `expected one of ${VERBS.join(', ')}`,
  })
  .transform((given): ComposeParams => {
    const verb = VERBS.find((name) => given[name] !== undefined)!;
    const named = verb === 'scale' ? [] : [given[verb] ?? []].flat();
    const scaled = Object.entries(given.scale ?? {}).map(([name, replicas]) => ({ name, replicas }));
    return {
      verb,
      services: [...named.map((name) => ({ name, replicas: null })), ...scaled],
      files: [given.file ?? []].flat(),
      project: given.project,
    };
  });
