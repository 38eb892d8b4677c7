import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Ends the output with `N passed, N failed` alone on a line, for scripts that read the last line. A file that
 * could not be loaded, a failing hook and an error outside of tests count as failed.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string) => results.filter((result) => result === state).length;
    // A failing hook fails its suite, and Vitest counts the suite's tests as skipped.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length;
    const skipped = count('skipped');
    const lines = skipped > 0 ? [`${skipped} skipped`] : [];
    lines.push(`${count('passed')} passed, ${count('failed') + broken + errors.length} failed`);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
