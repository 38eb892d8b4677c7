import type { Manifest, ManifestCommand, ManifestFlag } from '../manifest.ts';
import type { NameKind } from '../names.ts';
import type { Candidate, Wanted } from './candidate.ts';
import { findFlag, isVariadic, type Line, readLine } from './line.ts';

/** What can stand in place of the unfinished word. */
export interface Choice {
  /** What the manifest knows. */
  found: Candidate[];
  /** What has to be looked up beside that. */
  wanted?: Wanted;
  /** A file belongs there. */
  files: boolean;
}

/** @param words what stands after `qctl`, the unfinished word last */
export function candidatesFor(manifest: Manifest, words: readonly string[]): Choice {
  const current = words.at(-1) ?? '';
  const line = readLine(manifest, words.slice(0, -1));
  const inFlag = !line.ended && !line.awaiting ? /^(--[^=]+=)(.*)$/s.exec(current) : null;
  if (inFlag) {
    const [, before, begin] = inFlag as unknown as [string, string, string];
    const flag = findFlag(line.known, before.slice(0, -1));
    return flag?.value ? valuesOf(flag, line, { before, begin }) : NOTHING;
  }
  const place = { before: '', begin: current };
  const isFlag = current.startsWith('-') && !line.ended;
  if (line.awaiting && !(isFlag && line.values.has(line.awaiting.name)))
    return valuesOf(line.awaiting, line, place);
  if (isFlag) return listed(flagCandidates(line), place);
  if (line.command) return argumentsOf(manifest, line.command, line, place);
  return listed(line.plain.length === 0 ? nouns(manifest) : verbs(manifest, line.plain[0]!), place);
}

const NOTHING: Choice = { found: [], files: false };

/** What stands before the candidates, and what they begin with. */
interface Place {
  before: string;
  begin: string;
}

function listed(candidates: Candidate[], { before, begin }: Place): Choice {
  const fitting = candidates.filter(([name]) => name.startsWith(begin));
  return {
    found: fitting.map(([name, description]) => [before + name, description] as const),
    files: false,
  };
}

function valuesOf(flag: ManifestFlag, line: Line, place: Place): Choice {
  if (flag.choices)
    return listed(
      flag.choices.map((choice) => [choice]),
      place,
    );
  return named(flag.names, line, place);
}

function argumentsOf(manifest: Manifest, command: ManifestCommand, line: Line, place: Place): Choice {
  const at = line.args.length;
  const { choices, names = [], args = '' } = command;
  const found =
    at === 0 ? [...choices.map((choice): Candidate => [choice]), ...furtherVerbs(manifest, line)] : [];
  const rest = /\.\.\.[>\]]$/.test(args) ? names.at(-1) : undefined;
  const kind = at < names.length ? names[at] : rest;
  const choice = named(kind ?? undefined, line, place);
  return { ...choice, found: listed(found, place).found };
}

/** `completion` is a command, and its `install` another one. */
function furtherVerbs(manifest: Manifest, { plain }: Line): Candidate[] {
  return plain.length === 1 ? verbs(manifest, plain[0]!) : [];
}

function named(kind: NameKind | undefined, line: Line, { before, begin }: Place): Choice {
  if (kind === undefined) return NOTHING;
  if (kind === 'file') return { found: [], files: true };
  const { values } = line;
  const wanted = {
    ...{ kind, begin, before, stream: namedBefore(line, 'stream'), group: namedBefore(line, 'group') },
    ...{ profile: values.get('--profile'), config: values.get('--config') },
    redisUrl: values.get('--redis-url'),
  };
  return { found: [], files: false, wanted };
}

/** The stream or group that the line names already, as an argument or with its flag. */
function namedBefore({ command, args, values }: Line, kind: 'stream' | 'group'): string | undefined {
  const at = command?.names?.indexOf(kind) ?? -1;
  return (at < 0 ? undefined : args[at]) ?? values.get(`--${kind}`);
}

function flagCandidates({ known, given }: Line): Candidate[] {
  return known
    .filter((flag) => isVariadic(flag) || !given.includes(flag))
    .map((flag) => [flag.name, flag.description]);
}

function nouns(manifest: Manifest): Candidate[] {
  const names = new Map<string, string>();
  for (const { name, summary } of manifest.commands) {
    const [noun, verb] = name.split(' ');
    if (!names.has(noun!)) names.set(noun!, verb ? verbList(manifest, noun!) : summary);
  }
  return [...names];
}

function verbList(manifest: Manifest, noun: string): string {
  return verbs(manifest, noun)
    .map(([verb]) => verb)
    .join(', ');
}

function verbs({ commands }: Manifest, noun: string): Candidate[] {
  return commands.flatMap(({ name, aliases = [], summary }) =>
    [name, ...aliases]
      .filter((one) => one.startsWith(`${noun} `))
      .map((one): Candidate => [one.slice(noun.length + 1), summary]),
  );
}
