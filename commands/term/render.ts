import type { GlobalOptions } from '../options.ts';
import type { Io } from './io.ts';
import { formatJson } from './json.ts';
import { formatNdjson } from './ndjson.ts';

/** A command's result: one value and how a person reads it. */
export interface Result {
  /** Singular and kebab-case: `run`, `drain-report`. */
  type: string;
  /** An object, or a list of objects of this type. */
  data: object | readonly object[];
  /** Called only for `-o table`. */
  table: () => string;
}

/** Where and how to print. `context.options` fits. */
export type RenderTarget = Pick<GlobalOptions, 'output' | 'outFile'>;

/**
 * Prints one result: to stdout, or to `--out-file`. A list is `{"type":"run-list","items":[…]}` in
 * json and yaml, so that fields can be added beside the items, and a line for each item in ndjson.
 */
export async function renderResult(io: Io, target: RenderTarget, result: Result): Promise<void> {
  const text = await format(target.output, result);
  if (target.outFile === undefined) return io.stdout.write(text);
  const { writeOutFile } = await import('./out-file.ts');
  await writeOutFile(target.outFile, text);
}

async function format(output: GlobalOptions['output'], { type, data, table }: Result): Promise<string> {
  if (output === 'table') return withNewline(table());
  if (output === 'ndjson')
    return toItems(data)
      .map((item) => formatNdjson({ type, ...item }))
      .join('');
  const document = isList(data) ? { type: `${type}-list`, items: data } : { type, ...data };
  if (output === 'json') return formatJson(document);
  const { formatYaml } = await import('./yaml.ts');
  return formatYaml(document);
}

function isList(data: object | readonly object[]): data is readonly object[] {
  return Array.isArray(data);
}

function toItems(data: object | readonly object[]): readonly object[] {
  return isList(data) ? data : [data];
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
