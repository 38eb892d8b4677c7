/** The server behind `qctl serve`: REST, WebSocket, Prometheus and the page, all from one overview. */

export {
  type CredentialFiles,
  type Credentials,
  credentialsOf,
  readCredentials,
} from './access/credentials.ts';
export type { Act, Acted } from './actions/audit.ts';
export { DEFAULT_LISTEN, isLoopback, type ListenAddress, parseListen, urlHost } from './address.ts';
export { type Asset, type Assets, readAssets } from './assets.ts';
export { requireProtection } from './listen.ts';
export type { ActionParts, RunningServer, ServerEvents, ServerOptions, ServerParts } from './options.ts';
export { startServer } from './server.ts';
