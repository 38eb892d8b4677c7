export { type HeadLine, parseHeadLine } from './head-line.ts';
export { packMember } from './member.ts';
export { type ArchiveScan, scanArchive, unpackAt } from './scan.ts';
