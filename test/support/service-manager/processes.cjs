// Real processes for the stand-ins of systemctl, kubectl and docker: started in a group of their own, stopped as a whole.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { alive, home, readJson, sleep, writeJson } = require('./common.cjs');

// Between a start and the note of it nobody may be ended: the handler runs when all is done.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);

exports.definitions = () => readJson(path.join(home(), 'definitions.json'), {});

exports.stateFile = (name) => path.join(home(), 'state', `${name.replaceAll('/', '~')}.json`);
exports.readState = (name) => readJson(exports.stateFile(name), {});
exports.writeState = (name, state) => writeJson(exports.stateFile(name), state);

const startTime = (pid) => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return null;
  }
};

// Another process may have got the number meanwhile.
exports.lives = (proc) => Boolean(proc?.pid) && alive(proc.pid) && startTime(proc.pid) === proc.startTime;

// KEY=VALUE as EnvironmentFile= and env_file: have it; read at each start.
exports.readEnvFile = (file) => {
  const lines = fs.readFileSync(file, 'utf8').split(/\r?\n/);
  const pairs = lines.flatMap((line) => {
    const [, name, value] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    return name ? [[name, value.trim().replace(/^(['"])(.*)\1$/s, '$2')]] : [];
  });
  return Object.fromEntries(pairs);
};

exports.logFile = (name) => path.join(home(), 'logs', `${name.replaceAll('/', '~')}.log`);

exports.start = (name, { argv, cwd }, env) => {
  const log = fs.openSync(exports.logFile(name), 'a');
  const child = spawn(argv[0], argv.slice(1), {
    cwd: cwd ?? '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  child.on('error', () => undefined);
  child.unref();
  fs.closeSync(log);
  return { pid: child.pid ?? 0, startTime: child.pid ? startTime(child.pid) : null };
};

exports.tell = (proc, signal) => {
  try {
    process.kill(-proc.pid, signal);
  } catch {}
};

// SIGTERM, then SIGKILL; true where that was needed.
exports.stop = (proc, stopTimeoutMs = 5000) => {
  if (!exports.lives(proc)) return false;
  exports.tell(proc, 'SIGTERM');
  const deadline = Date.now() + stopTimeoutMs;
  while (exports.lives(proc) && Date.now() < deadline) sleep(10);
  const killed = exports.lives(proc);
  exports.tell(proc, 'SIGKILL');
  while (exports.lives(proc)) sleep(5);
  return killed;
};
