import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { inLanes, LONG, SHORT } from './lanes.ts';

/**
 * Orders the files so that one worker has short ones at all times. Longest first, as Vitest has it, lets the long
 * ones wait for the cores among themselves, and leaves cores idle later, when all that is left waits for servers;
 * and it needs a cache of an earlier run: without one the largest files come first, and the longest are small.
 */
export default class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root, maxWorkers } = this.ctx.config;
    const nameOf = ({ moduleId }: TestSpecification) =>
      relative(`${root}/test`, moduleId).replace(/\.test\.ts$/, '');
    const secondsOf = (file: TestSpecification) => LONG[nameOf(file)] ?? 0;
    const long = files.filter((file) => secondsOf(file) > 0).sort((a, b) => secondsOf(b) - secondsOf(a));
    const short = files.filter((file) => secondsOf(file) === 0);
    // By name: sorted by size or duration, they would not take the same time on average at the start and at the end.
    short.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return inLanes(long, short, maxWorkers, (file) => secondsOf(file) || SHORT);
  }
}
