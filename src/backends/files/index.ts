export { withFileLock } from './lock.ts';
export {
  type Chunks,
  linkTarget,
  replaceWhole,
  syncFolder,
  type WrittenFile,
  writeAtomically,
} from './replace.ts';
export { type FileFacts, type FileState, fileFacts, fileState, sha256Of } from './state.ts';
