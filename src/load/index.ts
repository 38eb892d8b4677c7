export { type LoadProfile, readProfile } from './profile.ts';
export type { LoadResult } from './result.ts';
export { runLoad } from './run-load.ts';
