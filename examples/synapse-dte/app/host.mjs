// Loaded before qctl (NODE_OPTIONS=--import) where a command is typed on another host: the name is all that differs.
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const name = process.env.TYPED_ON;
os.hostname = () => name;
syncBuiltinESMExports();
