import type { CommanderError } from 'commander';
import { redactText } from '../src/config/redact.ts';
import { isQctlError, QctlError } from '../src/errors.ts';
import { CHECK_EXIT, exitCodeOf } from './exit-codes.ts';
import type { OutputFormat } from './flags.ts';
import type { Io, Output } from './term/io.ts';
import { formatNdjson } from './term/ndjson.ts';
import { printable } from './term/text.ts';

/** An error as `-o json` prints it, the last line of stderr. */
export interface ErrorReport {
  type: 'error';
  code: string;
  kind: string;
  exit: number;
  message: string;
  hint: string[];
  details: Record<string, unknown>;
}

/** The one place where an error becomes text and exit code. */
export function toErrorReport(error: unknown, { nagios }: Pick<ErrorStyle, 'nagios'> = {}): ErrorReport {
  const report = isQctlError(error) ? expected(error) : unexpected(error);
  return nagios ? { ...report, exit: CHECK_EXIT.unknown } : report;
}

function expected(error: QctlError): ErrorReport {
  return {
    type: 'error',
    code: error.code,
    kind: error.kind,
    exit: exitCodeOf(error.kind),
    message: error.message,
    hint: error.hint,
    details: error.details,
  };
}

function unexpected(error: unknown): ErrorReport {
  const message = redactText(error instanceof Error ? error.message || error.name : String(error));
  return {
    type: 'error',
    code: 'UNEXPECTED',
    kind: 'failed',
    exit: 1,
    message,
    hint: ['this is a bug in qctl: please report it, with the output of the same command and --verbose'],
    details: {},
  };
}

/** How {@link writeError} prints. */
export interface ErrorStyle {
  output: OutputFormat;
  verbose: boolean;
  /** The command is one that monitoring calls. */
  nagios?: boolean;
}

/**
 * Prints an error as the command wants it, and says with which code to exit. Of a check the message is
 * the status line on stdout, since that is what monitoring shows.
 */
export function writeFailure(
  io: Pick<Io, 'stdout' | 'stderr'>,
  error: unknown,
  style: ErrorStyle,
): ErrorReport {
  if (!style.nagios || style.output !== 'table') return writeError(io.stderr, error, style);
  const report = toErrorReport(error, style);
  if (style.verbose) io.stderr.write(causes(error));
  io.stdout.write(`UNKNOWN - ${statusText(report.message)}\n`);
  io.stderr.write(hintLines(report));
  return report;
}

/** One line, and no bar: what follows a bar is read as performance data. */
function statusText(message: string): string {
  return printable(message.replace(/\s*\n\s*/g, '; ').replaceAll('|', '/'));
}

/** Prints an error on stderr: a line and its hints for people, one JSON line for scripts. */
export function writeError(stderr: Output, error: unknown, style: ErrorStyle): ErrorReport {
  const report = toErrorReport(error, style);
  if (style.verbose) stderr.write(causes(error));
  if (style.output === 'json' || style.output === 'ndjson') stderr.write(formatNdjson(report));
  else stderr.write(toText(report));
  return report;
}

function toText(report: ErrorReport): string {
  return `qctl: ${printableLines(report.message, 6)}\n${hintLines(report)}`;
}

/** The hints of an error, a line each, fit for a terminal. */
export function hintLines(report: Pick<ErrorReport, 'hint'>): string {
  return report.hint.map((line) => `  hint: ${printableLines(line, 8)}\n`).join('');
}

/** Names of streams and groups stand in messages, and may hold anything. */
function printableLines(text: string, indent: number): string {
  return text
    .split('\n')
    .map(printable)
    .join(`\n${' '.repeat(indent)}`);
}

/** With --verbose: the stack of a bug, and what an expected error was caused by. */
function causes(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (!isQctlError(error)) return redactText(`${error.stack}\n`);
  return error.cause === undefined ? '' : redactText(`caused by: ${String(error.cause)}\n`);
}

/** commander's own complaint as a usage error. */
export function toUsageError(error: CommanderError, command: string): QctlError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.map((line) => /^\(Did you mean (.+)\?\)$/.exec(line)?.[1]).find(Boolean);
  const hint = [`run '${command} --help' for its flags`];
  if (suggestion) hint.unshift(`did you mean ${suggestion}?`);
  if (first.includes("missing required argument 'run'")) {
    const noun = command.startsWith('qctl cutover') ? 'cutover' : 'drain';
    hint.unshift(`qctl ${noun} list shows the runs`);
  }
  return new QctlError('usage', lowerFirst(first.replace(/\.$/, '')), {
    code: error.code
      .replace(/^commander\./, '')
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .toUpperCase(),
    hint,
    cause: error,
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
