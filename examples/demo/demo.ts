// npm run demo: drains a Postgres table and an SQS queue into Redis, with a kill -9 in the middle.
import { play } from '../kit/play.ts';
import { print } from '../kit/terminal.ts';
import { startServers } from './servers.ts';
import { tellStory } from './story.ts';

await play('demo', async (onEnd) => {
  print('Starting Redis, PostgreSQL and an SQS emulator on free ports …');
  const servers = await startServers();
  onEnd(servers.stop);
  return tellStory(servers, onEnd);
});
