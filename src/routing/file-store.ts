import { readFile, realpath } from 'node:fs/promises';
import { withFileLock } from '../backends/files/index.ts';
import { isQctlError, QctlError } from '../errors.ts';
import { checkRouteName } from './name.ts';
import type { RouteChangeRecord, RouteLook } from './record.ts';
import { replaceFile } from './replace-file.ts';
import type { RouteStore, RouteWrite } from './store.ts';

const NOTHING: RouteLook = { route: null, version: 0, removed: false };

/**
 * Routes that stand below `routes:` of a YAML file of feature flags, beside whatever else stands there. What is no
 * route (a syntax error, an unknown field) throws `config` with file and line.
 */
export class FileRouteStore implements RouteStore {
  readonly label: string;

  constructor(path: string) {
    this.label = path;
  }

  async look(name: string): Promise<RouteLook> {
    checkRouteName(name);
    return lookIn(this.label, await readFlagText(this.label, false), name);
  }

  async list(): Promise<string[]> {
    const text = await readFlagText(this.label, true);
    const { parseFlagFile } = await import('./yaml-file.ts');
    return parseFlagFile(this.label, text!, true).names;
  }

  async write(name: string, { seen, rules, by, reason }: RouteWrite): Promise<RouteLook | undefined> {
    const [{ isSameLook }, { withRoute }] = await Promise.all([
      import('./yaml-file.ts'),
      import('./yaml-edit.ts'),
    ]);
    return inWords(this.label, 'write', async () => {
      // Through a link: whoever comes by another name takes the same lock.
      const path = await realpath(this.label).catch(() => this.label);
      return withFileLock(path, 'ROUTE_FILE_LOCKED', async () => {
        const text = await readFlagText(this.label, false);
        const now = await lookIn(this.label, text, name);
        if (!isSameLook(now, seen)) return undefined;
        const stamp = {
          version: now.version + 1,
          changedBy: by,
          changedAt: new Date().toISOString(),
          reason,
        };
        const route = rules && { name, ...rules, ...stamp };
        await replaceFile(this.label, withRoute(this.label, text, name, route));
        return { route, version: route?.version ?? 0, removed: !route };
      });
    });
  }

  async history(name: string, limit: number): Promise<RouteChangeRecord[]> {
    const { route } = await this.look(name);
    if (!route || limit < 1) return [];
    const { version, changedBy, changedAt, reason } = route;
    return [{ version, changedBy, changedAt, reason, route }];
  }
}

async function lookIn(path: string, text: string | undefined, name: string): Promise<RouteLook> {
  if (text === undefined) return NOTHING;
  const { parseFlagFile } = await import('./yaml-file.ts');
  const look = parseFlagFile(path, text, false).look(name);
  return look.route ? look : NOTHING;
}

/** The text of a file; undefined where there is none and it is not required. Throws `config` ROUTE_FILE_UNREADABLE. */
export async function readFlagText(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    throw new QctlError('config', `cannot read the routes in ${path} (${code})`, {
      code: 'ROUTE_FILE_UNREADABLE',
      hint: ['check the path, and whether this user may read it'],
      details: { file: path },
      cause,
    });
  }
}

async function inWords<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (isQctlError(cause) || syscall === undefined) throw cause;
    const isOwner = syscall === 'fchown';
    const why = isOwner ? `its owner could not be kept (${code})` : `${code}`;
    throw new QctlError(
      isOwner || code === 'EACCES' || code === 'EPERM' ? 'auth' : 'failed',
      `cannot ${verb} ${path}: ${why}`,
      {
        code: 'ROUTE_FILE_FAILED',
        hint: [
          isOwner
            ? 'run it as the owner of the file or as root'
            : 'a new file is written beside it and put in its place: its folder must exist and be writable',
        ],
        details: { file: path },
        cause,
      },
    );
  }
}
