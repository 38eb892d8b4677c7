import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import { QctlError } from '../errors.ts';
import { type RouteLook, stampOf } from './record.ts';
import { sameRules } from './route.ts';
import { type RuleProblem, readRules } from './rules.ts';

/** A file of feature flags as it is now. */
export interface FlagFile {
  /** Names below `routes:`, sorted. */
  names: string[];
  /** Throws `config` with file and line where what stands there is no route. */
  look(name: string): RouteLook;
}

/**
 * Reads a file of feature flags. Throws `config` ROUTE_FILE_INVALID with the line where it is none.
 *
 * @param needsRoutes false: where nothing stands below `routes:`, there are none
 */
export function parseFlagFile(path: string, text: string, needsRoutes: boolean): FlagFile {
  const counter = new LineCounter();
  // Everything is a text: the key 042 is not the number 34, and a version is read where it is needed.
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, schema: 'failsafe' });
  const lineAt = (offset: number | undefined) => counter.linePos(offset ?? 0).line;
  const [broken] = document.errors;
  if (broken) throw invalid(path, lineAt(broken.pos[0]), firstLine(broken.message), SYNTAX_HINT);
  const routes = routesOf(path, document, needsRoutes);
  return {
    names: Object.keys(routes).sort(),
    look: (name) => {
      if (!Object.hasOwn(routes, name)) return { route: null, version: 0, removed: true };
      const raw = routes[name] as Record<string, unknown>;
      const { rules, problems } = readRules(raw);
      const [first] = problems;
      if (first) throw problemAt(path, document, name, first, lineAt);
      const route = { name, ...rules, ...stampOf(raw ?? {}) };
      return { route, version: route.version, removed: false };
    },
  };
}

/** What to do about a file that is no YAML. */
export const SYNTAX_HINT = 'check indentation and quotes around that line';

function routesOf(path: string, document: Document.Parsed, needsRoutes: boolean): Record<string, unknown> {
  const raw = toPlain(path, document);
  const isEmpty = raw === null || raw === '';
  const routes = isMapping(raw) ? raw.routes : undefined;
  if (isMapping(routes)) return routes;
  if (routes === '') return {};
  if (!needsRoutes && (isEmpty || (isMapping(raw) && routes === undefined))) return {};
  // Also what an editor leaves for a moment that empties a file before it writes it.
  throw invalid(path, 1, 'it has no mapping routes:', 'write routes: {} where there shall be none');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toPlain(path: string, document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw invalid(path, 1, firstLine((error as Error).message), SYNTAX_HINT);
  }
}

function problemAt(
  path: string,
  document: Document.Parsed,
  name: string,
  { path: field, problem, hint }: RuleProblem,
  lineAt: (offset: number | undefined) => number,
): QctlError {
  const line = lineAt(offsetOf(document, ['routes', name, ...field]));
  return invalid(path, line, `${['routes', name, ...field].join('.')}: ${problem}`, hint ?? ROUTE_HINT);
}

const ROUTE_HINT = 'correct it; until then the last good one is in force where a process has seen it';

/** Where a field begins, or what surrounds it. */
function offsetOf(document: Document.Parsed, path: string[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1]!;
    const key = isMap(parent) ? parent.items.find((item) => String(item.key) === last)?.key : undefined;
    const node = (key ?? document.getIn(path.slice(0, length), true)) as { range?: [number] } | undefined;
    if (node?.range) return node.range[0];
  }
  return undefined;
}

/** The first line of a complaint of the parser, as ours are written. */
export function firstLine(message: string): string {
  const [first = ''] = message.split('\n');
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
}

/** The error for a file that is not as it should be. */
export function invalid(path: string, line: number, problem: string, hint: string): QctlError {
  return new QctlError('config', `${path}:${line}: ${problem}`, {
    code: 'ROUTE_FILE_INVALID',
    hint: [hint],
    details: { file: path, line },
  });
}

/** Whether a look has become another one meanwhile; a change by hand does not count the version up. */
export function isSameLook(a: RouteLook, b: RouteLook): boolean {
  return a.version === b.version && sameRules(a.route, b.route);
}
