import { usageError } from '../stream-work.ts';
import { drained } from '../term/drained.ts';
import type { Output } from '../term/io.ts';

/** Writes what comes, as fast as the reader takes it. Returns early where the reader has gone away. */
export async function writeToOutput(
  output: Output,
  chunks: AsyncIterable<Buffer>,
  binary: boolean,
): Promise<void> {
  if (binary && output.isTTY)
    throw usageError(
      'compressed data is not for a terminal',
      'GZIP_TO_TERMINAL',
      'write it to a file with --out-file, or into a pipe',
    );
  for await (const chunk of chunks) {
    if (output.closed) return;
    if (binary) output.stream.write(chunk);
    else output.write(chunk.toString('utf8'));
    await drained(output);
  }
}
