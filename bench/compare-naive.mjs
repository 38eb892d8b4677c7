// What one would write without qctl: two maps of whole records. Prints the counts as JSON.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';

async function load(path) {
  const rows = new Map();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const row = JSON.parse(line);
    rows.set(row.id, row);
  }
  return rows;
}

const [left, right] = await Promise.all(process.argv.slice(2).map(load));
const counts = { matched: 0, mismatched: 0, missing: 0 };
for (const [id, row] of left) {
  const other = right.get(id);
  if (!other) counts.missing += 1;
  else counts[isDeepStrictEqual(row, other) ? 'matched' : 'mismatched'] += 1;
}
process.stdout.write(JSON.stringify({ counts }));
