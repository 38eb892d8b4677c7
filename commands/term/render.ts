import { EXTRA_FORMATS, type ExtraFormat, type OutputFormat } from '../flags.ts';
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
  /** Metrics in the text format of Prometheus; needed where the registry offers `-o prometheus`. */
  prometheus?: () => string;
  /** Likewise for `-o markdown`. */
  markdown?: () => string;
  /** Likewise for `-o junit`: the XML that CI servers read as results of tests. */
  junit?: () => string;
  /** Likewise for `-o html`: one page that needs nothing else. */
  html?: () => string | Promise<string>;
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
  // A collector reads metrics as a user of its own.
  await writeOutFile(target.outFile, text, target.output === 'prometheus' ? 0o644 : 0o600);
}

async function format(output: GlobalOptions['output'], result: Result): Promise<string> {
  const { type, data } = result;
  if (output === 'table') return withNewline(result.table());
  if (isExtra(output)) return withNewline(await extra(result, output));
  if (output === 'ndjson')
    return toItems(data)
      .map((item) => formatNdjson({ type, ...item }))
      .join('');
  const document = isList(data) ? { type: `${type}-list`, items: data } : { type, ...data };
  if (output === 'json') return formatJson(document);
  const { formatYaml } = await import('./yaml.ts');
  return formatYaml(document);
}

function isExtra(output: OutputFormat): output is ExtraFormat {
  return (EXTRA_FORMATS as readonly string[]).includes(output);
}

function extra(result: Result, output: ExtraFormat): string | Promise<string> {
  const make = result[output];
  if (make) return make();
  throw new Error(`${result.type} has no ${output}, although -o ${output} is offered`);
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
