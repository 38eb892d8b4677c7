export { connectPostgres } from './connect.ts';
export { isRetryablePostgres, sqlState, toSourceError } from './errors.ts';
export { type PostgresOptions, type PostgresTls, postgresLabel } from './options.ts';
export { escapeIdentifier, escapeLiteral } from './quote.ts';
export type { SslMode } from './url.ts';
