/** The stream of a service. */
export const streamOf = (service: string): string => `opsconductor:${service}:events`;

/** Those whose events the processors work on. */
export const SERVICES = ['identity', 'assets', 'automation', 'communication', 'ai', 'network', 'system'];
/** All nine. */
export const STREAMS = [...SERVICES, 'dead_letter', 'metrics'].map(streamOf);
export const DEAD_LETTERS = streamOf('dead_letter');
/** The one that all services had at first. */
export const SHARED = 'opsconductor:events';
export const GROUP = 'processors';
