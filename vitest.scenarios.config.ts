import { defineConfig } from 'vitest/config';

/** `npm run scenarios`: the five examples, one after the other. Beside other tests their latencies would be those of the tests. */
export default defineConfig({
  test: {
    include: ['test/e2e/examples/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    fileParallelism: false,
  },
});
