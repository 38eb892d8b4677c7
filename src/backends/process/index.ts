export { type RunOptions, type RunOutcome, runProgram } from './run.ts';
export { lastLines } from './told.ts';
