import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
import { parseYamlFile } from '../config/yaml-file.ts';
import { QctlError } from '../errors.ts';
import { LAYOUT, pairOf, toDocument } from './document.ts';
import type { Proposal } from './proposal.ts';

/** A file with what it did not say yet. */
export interface Merged {
  /** As it was, to the byte, where nothing is added. */
  text: string;
  /** `profiles.live.sources.alerts`; empty: the file says it all. */
  added: string[];
}

/** What a file says already; all of it is `qctl.yaml` as people write it, checked as far as needed. */
export interface Said {
  /** The profile that is used where none is asked for; undefined where that is open. */
  profile?: string;
  profiles: string[];
  /** Names of sources by profile. */
  sources: Record<string, string[]>;
}

const WORDS = { what: 'the configuration', code: 'CONFIG', unreadable: 'check the permissions of the file' };

/** Throws a `config` error that names the line where the text is no YAML. */
export function whatIsSaid(path: string, text: string): Said {
  const raw = (parseYamlFile(path, text, WORDS).raw ?? {}) as { profile?: unknown; profiles?: unknown };
  const profiles = mapping(raw.profiles) ? Object.keys(raw.profiles) : [];
  const sources = Object.fromEntries(profiles.map((name) => [name, Object.keys(sourcesIn(raw, name))]));
  const only = profiles.length === 1 ? profiles[0] : undefined;
  const profile = typeof raw.profile === 'string' ? raw.profile : only;
  return { ...(profile !== undefined && { profile }), profiles, sources };
}

/**
 * Adds what is missing; nothing that stands there is changed, comments stay. A source counts as there under any name.
 *
 * @throws QctlError `config` where the text is no YAML, `refused` INIT_NOT_MERGED where a part cannot be added to
 */
export function mergeInto(path: string, text: string, proposal: Proposal): Merged {
  const { document, raw } = parseYamlFile(path, text, WORDS);
  const said = sourcesOf(raw, proposal.profile);
  const sources = proposal.sources.filter(({ written }) => !said.some((one) => isSame(one, written)));
  const fresh = toDocument({ ...proposal, sources });
  if (document.contents === null) return { text: fresh.toString(LAYOUT), added: ['profiles'] };
  const added: string[] = [];
  const top = mapAt(document.contents, path, '');
  const first = fresh.contents as YAMLMap;
  const { profile, profiles } = whatIsSaid(path, text);
  if (pairOf(top, 'profile') || profiles.includes(proposal.profile)) first.delete('profile');
  // One profile alone is the one that is used; beside a second one that has to be said.
  else if (profile !== undefined) first.set('profile', profile);
  addMissing(top, first, [], added, path);
  if (added.length === 0) return { text, added };
  return { text: document.toString(LAYOUT), added };
}

/** Below `profiles.NAME.redis`, `sources.NAME` and `streams.NAME` a thing is there or it is not. */
function addMissing(into: YAMLMap, from: YAMLMap, at: string[], added: string[], path: string): void {
  if (into.items.length === 0) into.flow = false;
  for (const pair of from.items as Pair[]) {
    const key = String(pair.key);
    const here = [...at, key];
    const there = pairOf(into, key);
    if (there && isNothing(pair.value)) continue;
    if (!there || isNothing(there.value)) {
      if (there) into.delete(key);
      into.items.push(pair);
      added.push(here.join('.'));
    } else if (isPart(here))
      addMissing(mapAt(there.value, path, here.join('.')), pair.value as YAMLMap, here, added, path);
  }
}

function isNothing(node: unknown): boolean {
  return (
    node === null || node === undefined || (isScalar(node) && (node.value === null || node.value === ''))
  );
}

function isPart([, , part, name]: string[]): boolean {
  return part === undefined || (name === undefined && part !== 'redis');
}

function mapAt(node: unknown, path: string, where: string): YAMLMap {
  if (isMap(node)) return node;
  throw new QctlError(
    'refused',
    `${path}: nothing can be added to ${where || 'it'}: it is no mapping of its own`,
    {
      code: 'INIT_NOT_MERGED',
      hint: ['write another file with --out, and copy from it what is wanted'],
      details: { file: path },
    },
  );
}

function sourcesOf(raw: unknown, profile: string): Record<string, unknown>[] {
  return Object.values(sourcesIn(raw, profile)).filter(mapping);
}

function sourcesIn(raw: unknown, profile: string): Record<string, unknown> {
  const profiles = mapping(raw) && raw.profiles;
  const one = mapping(profiles) && profiles[profile];
  const sources = mapping(one) && one.sources;
  return mapping(sources) ? sources : {};
}

/** The same queue, under whatever name; of one that does not say where it is, that is taken to be the same. */
function isSame(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  if (one.kind !== other.kind) return false;
  if (one.kind === 'sqs') return one.queueUrl === other.queueUrl;
  const places = [
    'url',
    'host',
    'port',
    'database',
    ...(other.format === 'generic' ? [] : ['format', 'schema']),
  ];
  const elsewhere = places.some((key) => (one[key] ?? other[key]) !== (other[key] ?? one[key]));
  const table = ({ table: name }: Record<string, unknown>) => String(name ?? '').replace(/^public\./, '');
  return !elsewhere && table(one) === table(other);
}

function mapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
