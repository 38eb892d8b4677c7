import type { Issue, Path } from '../../config/issues.ts';
import type { AnyStepKind } from '../step.ts';

const OF_A_STAGE = new Set(['stage', 'steps']);
/** What a step needs besides its kind is checked by the schema; here only what stands beside it is of interest. */
const COMMON = new Set([
  ...['name', 'timeout', 'retries', 'retryDelay', 'repeatable', 'check', 'stage', 'undoTimeout'],
  ...['undo', 'pointOfNoReturn', 'onFailure', 'confirm', 'steps', 'on'],
]);

/** Where a step is not of exactly one kind, and where a stage is more than a stage. Takes whatever stands in the file. */
export function kindIssues(raw: unknown, kinds: readonly AnyStepKind[]): Issue[] {
  const look = new KindLook(kinds.map(({ name }) => name));
  const { steps, notify } = (raw ?? {}) as { steps?: unknown; notify?: unknown };
  return [
    ...listed(steps).flatMap((step, at) => look.ofItem(step, ['steps', at])),
    ...listed(notify).flatMap((one, at) => look.ofStep(one, ['notify', at])),
  ];
}

class KindLook {
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** Of a step, or of a stage with its steps. */
  ofItem(step: unknown, path: Path): Issue[] {
    if (!isMapping(step) || !('steps' in step)) return this.ofStep(step, path);
    const inner = listed(step.steps).flatMap((one, at) => this.ofInner(one, [...path, 'steps', at]));
    const other = Object.keys(step).filter((key) => !OF_A_STAGE.has(key) && this.isKnown(key));
    return [
      ...(typeof step.stage === 'string'
        ? []
        : [{ path, problem: 'a list of steps needs the name of their stage' }]),
      ...other.map((key) => ({
        path: [...path, key],
        problem: 'a stage has a name and steps, and nothing else',
        hint: `write ${key} at its steps`,
      })),
      ...inner,
    ];
  }

  ofStep(step: unknown, path: Path): Issue[] {
    if (!isMapping(step)) return [];
    const undo = listed(step.undo).flatMap((one, at) => this.ofStep(one, [...path, 'undo', at]));
    return [...this.ofOne(step, path), ...undo];
  }

  private ofInner(step: unknown, path: Path): Issue[] {
    if (!isMapping(step) || !('stage' in step)) return this.ofStep(step, path);
    const twice = { path: [...path, 'stage'], problem: 'the step stands in a stage already' };
    return [twice, ...this.ofStep(step, path)];
  }

  private ofOne(step: Record<string, unknown>, path: Path): Issue[] {
    const keys = Object.keys(step);
    const found = keys.filter((key) => this.names.includes(key));
    if (found.length === 1) return [];
    if (found.length > 1)
      return [
        {
          path: [...path, found[1]!],
          problem: `a step does one thing, and this one has ${found.join(' and ')}`,
          hint: 'make them two steps',
        },
      ];
    // What is misspelt is told of, with what was most likely meant.
    if (!keys.every((key) => this.isKnown(key))) return [];
    return [
      { path, problem: 'the step does not say what is to be done', hint: `one of ${this.names.join(', ')}` },
    ];
  }

  private isKnown(key: string): boolean {
    return COMMON.has(key) || this.names.includes(key);
  }
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
