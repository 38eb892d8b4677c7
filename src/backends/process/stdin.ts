import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In memory on Linux, so that a secret on stdin does not reach a disk. */
const FOLDERS = ['/dev/shm', tmpdir()];

/**
 * A file without a name that holds a text, to be a child's stdin. Unlike the pipe that Node makes, which is
 * a socket, it can be opened as `/dev/stdin`, it never breaks, and no child has to be waited for to read it.
 * Undefined where no folder takes it.
 */
export function openStdin(text: string): number | undefined {
  if (text === '') return openSync('/dev/null', 'r');
  for (const folder of FOLDERS) {
    const fd = tryOpen(join(folder, `qctl-${randomUUID()}`), text);
    if (fd !== undefined) return fd;
  }
  return undefined;
}

function tryOpen(path: string, text: string): number | undefined {
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
    // Before anything stands in it: a crash leaves no secret behind.
    unlinkSync(path);
    writeAll(fd, Buffer.from(text));
    return fd;
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}

/** At positions of its own, so that the child begins to read at the start. */
function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
}
