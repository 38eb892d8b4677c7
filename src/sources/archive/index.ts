import { type FileHandle, open } from 'node:fs/promises';
import { type HeadLine, parseHeadLine, scanArchive } from '../../backends/archive/index.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { Message } from '../../model/message.ts';
import { plural } from '../../model/plural.ts';
import type { Depth, LaneReader } from '../source.ts';
import { type Census, census, withoutDoubles } from './doubles.ts';
import { type ArchiveFile, readLines, readMessages } from './lines.ts';
import { ArchiveReader } from './reader.ts';

const BATCH_BYTES = 4 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** Messages that an earlier run has archived, read back. The file stays as it is. */
export class ArchiveSource {
  readonly label: string;
  readonly identity: string;
  readonly findings: Finding[];
  /** Of all bodies. */
  readonly bytes: number;
  private readonly archive: ArchiveFile;
  private readonly contents: Census;

  private constructor(archive: ArchiveFile, head: HeadLine, contents: Census, restBytes: number) {
    this.archive = archive;
    this.contents = contents;
    this.bytes = contents.bytes;
    this.label = `archive ${archive.path} of run ${head.run}`;
    this.identity = `archive:${head.archive}`;
    this.findings = findingsOf(contents, restBytes);
  }

  /** Reads the file once: how many messages it holds, and whether each line is one. */
  static async open(path: string): Promise<ArchiveSource> {
    const file = await openFile(path);
    try {
      const [archive, restBytes] = await wholePart(path, file);
      const head = await headOf(archive);
      return new ArchiveSource(archive, head, await census(() => readMessages(archive)), restBytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  depth(): Promise<Depth> {
    return Promise.resolve({ ready: this.contents.messages, inFlight: null, delayed: null });
  }

  /** How many are not due yet. */
  scheduled(): Promise<number> {
    return Promise.resolve(this.contents.scheduled);
  }

  reader(lane: number, batchMessages: number): LaneReader {
    const read = () => this.messages();
    return new ArchiveReader({ lane, batchMessages, batchBytes: BATCH_BYTES, read });
  }

  /** Id and body of every message, in parts. */
  async *everything(partRows: number, partBytes: number): AsyncGenerator<[id: Buffer, body: Buffer][]> {
    let part: [Buffer, Buffer][] = [];
    let bytes = 0;
    for await (const { id, body } of this.messages()) {
      part.push([Buffer.from(id), body ?? EMPTY]);
      bytes += body?.length ?? 0;
      if (part.length < partRows && bytes < partBytes) continue;
      yield part;
      part = [];
      bytes = 0;
    }
    if (part.length > 0) yield part;
  }

  close(): Promise<void> {
    return this.archive.file.close();
  }

  private messages(): AsyncGenerator<Message> {
    return withoutDoubles(readMessages(this.archive), this.contents.doubled);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw Object.assign(new Error('no file'), { code: 'it is no file' });
  } catch (cause) {
    throw new QctlError('source', `cannot read ${path}: ${reasonOf((cause as NodeJS.ErrnoException).code)}`, {
      code: 'ARCHIVE_UNREADABLE',
      hint: ['check the name, and that you may read it'],
      details: { path },
      cause,
    });
  }
}

/** A member that a crash has cut off at the end is left out: none of its messages was settled. */
async function wholePart(path: string, file: FileHandle): Promise<[ArchiveFile, number]> {
  const scan = await scanArchive(file);
  if (scan) return [{ path, file, compressed: true, bytes: scan.wholeBytes }, scan.restBytes];
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  const { size } = await file.stat();
  return [{ path, file, compressed: buffer.readUInt16BE(0) === 0x1f8b, bytes: size }, 0];
}

async function headOf(archive: ArchiveFile): Promise<HeadLine> {
  for await (const line of readLines(archive)) {
    const head = parseHeadLine(line.toString('utf8'));
    if (head) return head;
    break;
  }
  throw new QctlError('refused', `${archive.path} is no archive of a drain`, {
    code: 'NOT_AN_ARCHIVE',
    hint: [
      "an archive is what 'qctl drain … --archive FILE' writes; dead letters come back with 'qctl dlq import'",
    ],
    details: { path: archive.path },
  });
}

function findingsOf({ doubled }: Census, restBytes: number): Finding[] {
  const findings: Finding[] = [];
  if (doubled.size > 0)
    findings.push({
      level: 'note',
      code: 'ARCHIVED_TWICE',
      text: `${doubled.size} ${plural(doubled.size, 'message')} ${doubled.size === 1 ? 'stands' : 'stand'} in the archive more than once, as after a crash; each is taken once`,
    });
  if (restBytes > 0)
    findings.push({
      level: 'warning',
      code: 'ARCHIVE_CUT_OFF',
      text: `the archive ends in ${restBytes} bytes that are no whole part and are left out: a drain that was killed while it wrote them has settled nothing of them, but a file that was copied by halves lacks more`,
    });
  return findings;
}

function reasonOf(code: string | undefined): string {
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'permission denied' : `${code}`;
}
