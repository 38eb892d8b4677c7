import { parseDocument } from 'yaml';
import type { Environment } from '../config/environment.ts';

/** A service of compose files, as far as it matters here; texts with their variables still in them. */
export interface ComposeService {
  name: string;
  image: string;
  /** `8080:80`, or port of the container -> port of this machine. */
  ports: unknown[];
  environment: Record<string, string>;
  command: string[];
  /** The file that it stands in; the first one where several add to it. */
  file: string;
}

/** One compose file, read. */
export interface ComposeFile {
  name: string;
  text: string;
}

/**
 * The services of compose files, later ones laid over earlier ones as compose does it. A file that is no YAML is told
 * of in `unreadable`.
 */
export function readCompose(files: readonly ComposeFile[]): {
  services: ComposeService[];
  unreadable: string[];
} {
  const services = new Map<string, ComposeService>();
  const unreadable: string[] = [];
  for (const file of files) {
    const found = servicesOf(file);
    if (!found) unreadable.push(file.name);
    for (const [name, raw] of Object.entries(found ?? {})) {
      if (!isMapping(raw)) continue;
      services.set(name, laidOver(services.get(name), name, raw, file.name));
    }
  }
  return { services: [...services.values()], unreadable };
}

function servicesOf({ text }: ComposeFile): Record<string, unknown> | undefined {
  try {
    const document = parseDocument(text, { merge: true, logLevel: 'silent' });
    if (document.errors.length > 0) return undefined;
    const services = (document.toJS() as { services?: unknown } | null)?.services;
    return isMapping(services) ? services : {};
  } catch {
    return undefined;
  }
}

function laidOver(
  before: ComposeService | undefined,
  name: string,
  raw: Record<string, unknown>,
  file: string,
): ComposeService {
  const command = wordsOf(raw.command);
  return {
    name,
    image: typeof raw.image === 'string' ? raw.image : (before?.image ?? ''),
    ports: [...(before?.ports ?? []), ...(Array.isArray(raw.ports) ? raw.ports : [])],
    environment: { ...before?.environment, ...environmentOf(raw.environment) },
    command: command.length > 0 ? command : (before?.command ?? []),
    file: before?.file ?? file,
  };
}

function wordsOf(command: unknown): string[] {
  if (Array.isArray(command)) return command.map(String);
  return typeof command === 'string' ? command.split(/\s+/).filter(Boolean) : [];
}

/** A mapping, or a list of `NAME=value`; a name alone is taken from the environment. */
function environmentOf(raw: unknown): Record<string, string> {
  if (Array.isArray(raw)) {
    const pairs = raw.map(String).map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, `\${${pair}:-}`] : [pair.slice(0, at), pair.slice(at + 1)];
    });
    return Object.fromEntries(pairs);
  }
  if (!isMapping(raw)) return {};
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [name, value === null ? `\${${name}:-}` : String(value)]),
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const VARIABLE = /\$\$|\$\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]*))?\}|\$([A-Za-z_]\w*)/g;

/** A text of a compose file with its variables put in; what is not set is empty, as compose has it. */
export function composeText(text: string, env: Environment): string {
  return text.replace(VARIABLE, (all, braced?: string, how?: string, other = '', bare?: string) => {
    if (all === '$$') return '$';
    const value = env[braced ?? bare!];
    const isSet = how?.startsWith(':') ? Boolean(value) : value !== undefined;
    if (how?.endsWith('+')) return isSet ? other : '';
    return isSet ? value! : how?.endsWith('-') ? other : '';
  });
}

/** The variable that a text consists of: `DB_PASSWORD` for `${DB_PASSWORD:-x}`; undefined where it is anything else. */
export function variableIn(text: string): string | undefined {
  return /^\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))$/.exec(text)?.slice(1).find(Boolean);
}
