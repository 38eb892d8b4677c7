import { defineConfig } from 'vitest/config';
import Sequencer from './test/support/sequencer.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They hold figures of speed, and have a run of their own: vitest.scenarios.config.ts.
    exclude: ['test/e2e/examples/**'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    // Files of one worker share their modules: nothing is kept in those, and loading them anew took a fifth of the time.
    isolate: false,
    // Twice the cores that are asked for: half of the time a test waits for servers and timeouts.
    maxWorkers: 4,
    sequence: { sequencer: Sequencer },
    // A test that kills 25 processes takes half a minute alone, and several times that beside others on two slow cores.
    testTimeout: 240_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
