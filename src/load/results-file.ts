import { writeAtomically } from '../backends/files/index.ts';
import { toIssues } from '../config/issues.ts';
import { type FileWords, readTextFile } from '../config/yaml-file.ts';
import { QctlError } from '../errors.ts';
import type { LoadResult } from './result.ts';
import { resultSchema, resultsSchema } from './result-schema.ts';

/** What a results file is. A stable format, as {@link LoadResult} is. */
export interface LoadResults {
  type: 'load-results';
  version: 1;
  /** At least one. */
  runs: LoadResult[];
}

const VERSION = 1;
const MOST_TOLD = 5;
const WORDS: FileWords = {
  what: 'the results',
  code: 'LOAD_RESULTS',
  unreadable:
    "check the path; 'qctl load run --save FILE' writes such a file, and so does -o json --out-file FILE",
};

/** Results as one document. */
export function toResults(runs: readonly LoadResult[]): LoadResults {
  return { type: 'load-results', version: VERSION, runs: [...runs] };
}

/**
 * Reads a results file, or what `load run -o json` has printed.
 *
 * @returns at least one run, in the order of the file
 * @throws QctlError `config` LOAD_RESULTS_UNREADABLE, LOAD_RESULTS_INVALID that names file and fields,
 *   LOAD_RESULTS_NEWER
 */
export async function readResults(path: string): Promise<LoadResult[]> {
  const text = await readTextFile(path, WORDS, true);
  const raw = parse(path, text!);
  if (raw.type !== 'load-results' && raw.type !== 'load')
    throw invalid(path, [`type: expected load-results or load, ${got(raw.type)}`]);
  refuseNewer(path, raw);
  if (Array.isArray(raw.runs) && raw.runs.length === 0) throw invalid(path, ['there is no run in it']);
  const schema = raw.type === 'load' ? resultSchema : resultsSchema;
  const read = schema.safeParse(raw);
  if (!read.success) throw invalid(path, toIssues(read.error, schema, raw).map(issueText));
  // zod has seen every field of it that has a name.
  return raw.type === 'load' ? [read.data as unknown as LoadResult] : (read.data.runs as LoadResult[]);
}

/**
 * Writes results, mode 0600, whole or not at all.
 *
 * @throws QctlError `failed` FILE_NOT_WRITTEN
 */
export async function writeResults(path: string, results: readonly LoadResult[]): Promise<void> {
  await writeAtomically(path, Buffer.from(`${JSON.stringify(toResults(results))}\n`));
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const raw: unknown = JSON.parse(text);
    if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>;
  } catch (cause) {
    throw invalid(path, [text.trim() === '' ? 'it is empty' : 'it is not one JSON document'], cause);
  }
  throw invalid(path, ['it is JSON, and not an object']);
}

function refuseNewer(path: string, raw: Record<string, unknown>): void {
  const runs = Array.isArray(raw.runs) ? raw.runs : [];
  const versions = [raw, ...runs].map((one) => (one as { version?: unknown } | null)?.version);
  const newer = versions.find((version) => typeof version === 'number' && version > VERSION);
  if (newer === undefined) return;
  throw new QctlError('config', `${path} was written by a newer qctl: version ${newer} of the format`, {
    code: 'LOAD_RESULTS_NEWER',
    hint: [`this qctl reads version ${VERSION}: update it, or read the file with the qctl that wrote it`],
    details: { file: path, version: newer },
  });
}

function issueText({ path, problem }: { path: readonly PropertyKey[]; problem: string }): string {
  return path.length > 0 ? `${path.join('.')}: ${problem}` : problem;
}

function got(type: unknown): string {
  if (type === undefined) return 'but it is missing';
  return typeof type === 'string' ? `got ${JSON.stringify(type.slice(0, 60))}` : `got ${typeof type}`;
}

function invalid(path: string, problems: readonly string[], cause?: unknown): QctlError {
  const more = problems.length - MOST_TOLD;
  const told = [...problems.slice(0, MOST_TOLD), ...(more > 0 ? [`… and ${more} more`] : [])];
  return new QctlError('config', `${path} holds no load results: ${told.join('; ')}`, {
    code: 'LOAD_RESULTS_INVALID',
    hint: ["'qctl load run --save FILE' writes such a file, and so does -o json --out-file FILE"],
    details: { file: path, problems: [...problems] },
    cause,
  });
}
