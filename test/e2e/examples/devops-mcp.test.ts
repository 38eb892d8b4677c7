import { expect, test } from 'vitest';
import { playExample } from './play.ts';

test('DevOps MCP moves its webhooks through a failover and back, and deletes the queue only once it is proven empty', async () => {
  const text = await playExample('devops-mcp');
  expect(text).toMatch(/blocker EVICTION/);
  expect(text).toMatch(
    /in the stream +[1-9]\d*\nconverged: everything in the source stands in the stream exactly once/,
  );
  expect(text).toMatch(/claimed +[1-9]\d* for worker-1-/);
  expect(text).toMatch(/rolled back, the old side is healthy/);
  expect(text).toMatch(/proof FAILED .* 1 message still in the source/);
  expect(text).toMatch(/^lost +0 +ok/m);
  expect(text).toMatch(/^worked on twice +0 +ok/m);
}, 400_000);
