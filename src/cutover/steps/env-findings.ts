import { readFile } from 'node:fs/promises';
import { fileFacts } from '../../backends/files/index.ts';
import type { Finding } from '../../model/finding.ts';
import { type EnvChange, toText } from './env-edit.ts';
import { canStand, quoteFor } from './env-quote.ts';
import { type Assignment, lineEnd, parseEnvText, rawOf } from './env-text.ts';
import { replaceFindings } from './files.ts';

/** What speaks against changing a file of variables. Never names a value. */
export async function envFindings(
  params: { file: string; create?: number | undefined },
  change: EnvChange,
  path: string,
): Promise<Finding[]> {
  const { file } = params;
  const found = [...(await replaceFindings(path, file)), ...valueFindings(file, change)];
  if (found.some(({ code }) => code === 'FOLDER_NOT_WRITABLE')) return found;
  if (await fileFacts(path)) return [...found, ...textFindings(file, toText(await readFile(path)), change)];
  if (params.create === undefined)
    found.push(
      block(
        'ENV_FILE_MISSING',
        `there is no file ${file}`,
        "check the path, or let it be made with create: '0640'",
      ),
    );
  return found;
}

function valueFindings(file: string, { set, readers }: EnvChange): Finding[] {
  return Object.entries(set).flatMap(([name, value]) => {
    if (!canStand(value))
      return block('ENV_VALUE', `${name} cannot stand in ${file}: its value has a line end or no text in it`);
    if (quoteFor(value, readers) !== undefined) return [];
    const all = `${name} cannot be written in ${file} so that ${readers.join(', ')} all read the same`;
    return block(
      'ENV_VALUE',
      all,
      'say who reads the file, for example readers: [systemd], or choose a value without quotes and backslashes',
    );
  });
}

function textFindings(file: string, text: string, change: EnvChange): Finding[] {
  if (text.includes('\0')) return [block('ENV_NOT_TEXT', `${file} is no text, or one in UTF-16`)];
  const all = parseEnvText(text);
  const unclosed = all.find((assignment) => assignment.unclosed);
  if (unclosed)
    return [
      block(
        'ENV_UNCLOSED',
        `${file} line ${unclosed.line}: a quote is opened that is never closed`,
        'close it',
      ),
    ];
  const touched = all.filter(({ name }) => name in change.set || change.remove.includes(name));
  return [
    ...touched.flatMap((one) => touchedFindings(file, text, one, change)),
    ...crlfFindings(file, text, change),
  ];
}

function touchedFindings(file: string, text: string, at: Assignment, { set, readers }: EnvChange): Finding[] {
  const where = `${file} line ${at.line}`;
  if (at.doubtful && readers.includes('dotenv')) {
    const why =
      'a backslash at its end makes one value of it and the next line to some readers, and to others not';
    return [
      block(
        'ENV_DOUBTFUL',
        `${where}: ${why}`,
        'take the backslash away, or say who reads the file (readers: [systemd])',
      ),
    ];
  }
  const found: Finding[] = [];
  if (at.comment && at.name in set && readers.includes('systemd')) {
    const note = `${where}: systemd takes the comment behind ${at.name} for a part of its value`;
    found.push({
      level: 'warning',
      code: 'ENV_COMMENT',
      text: note,
      remedy: 'put the comment on a line of its own, if systemd reads the file',
    });
  }
  if (at.exported && readers.includes('systemd') && readers.length < 3) {
    const note = `${where}: systemd does not read variables with export before them`;
    found.push({ level: 'warning', code: 'ENV_EXPORT', text: note });
  }
  if (rawOf(text, at).includes('\n'))
    found.push({
      level: 'note',
      code: 'ENV_LINES',
      text: `${where}: ${at.name} goes over several lines, which are replaced by one`,
    });
  return found;
}

function crlfFindings(file: string, text: string, { readers }: EnvChange): Finding[] {
  if (lineEnd(text) === '\n' || !readers.includes('sh')) return [];
  const note = `${file} has line ends of Windows: a shell takes the carriage return for a part of each value`;
  return [
    {
      level: 'warning',
      code: 'ENV_CRLF',
      text: note,
      remedy: 'say who reads the file, for example readers: [dotenv], if no shell does',
    },
  ];
}

function block(code: string, text: string, remedy?: string): Finding {
  return { level: 'blocker', code, text, ...(remedy === undefined ? {} : { remedy }) };
}
