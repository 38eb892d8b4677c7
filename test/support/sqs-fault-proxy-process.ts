// Child of startSqsFaultProxyProcess(): the proxy with an event loop of its own.
import { type FaultOptions, sqsFaultProxy } from './sqs-fault-proxy.ts';

const [endpoint = '', options = '{}'] = process.argv.slice(2);
const proxy = await sqsFaultProxy(endpoint, JSON.parse(options) as FaultOptions);

process.on('message', (message: { set?: FaultOptions; id: number }) => {
  if (message.set) proxy.set(message.set);
  process.send?.({ id: message.id, stats: proxy.stats });
});
process.once('disconnect', () => process.exit(0));
process.send?.({ endpoint: proxy.endpoint });
