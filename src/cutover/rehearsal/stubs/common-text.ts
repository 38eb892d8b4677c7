/** What all stand-ins share: a lock, a state file, the end with a reason. Plain JavaScript, run by Node itself. */
export const COMMON = String.raw`'use strict';
const fs = require('node:fs');
const { env, exit } = process;
const path = require('node:path');

exports.fail = (code, text) => {
  fs.writeSync(2, text + '\n');
  exit(code);
};

exports.print = (text) => {
  const bytes = Buffer.from(text + '\n');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};

exports.home = () => {
  const folder = env.QCTL_SANDBOX;
  if (!folder) exports.fail(64, 'stand-in: QCTL_SANDBOX does not name a folder, so nothing is done');
  return folder;
};

exports.sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

exports.alive = (pid) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  try {
    const stat = fs.readFileSync('/proc/' + pid + '/stat', 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    return process.platform !== 'linux';
  }
};

// A lock is a file with the pid of its holder; one whose holder is gone counts for nothing.
exports.locked = (name, work) => {
  const file = path.join(exports.home(), name + '.lock');
  const own = file + '.' + process.pid;
  fs.writeFileSync(own, String(process.pid));
  try {
    for (;;) {
      try {
        fs.linkSync(own, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      let holder = 0;
      try {
        holder = Number(fs.readFileSync(file, 'utf8'));
      } catch (error) {
        continue;
      }
      if (exports.alive(holder)) exports.sleep(10);
      else fs.rmSync(file, { force: true });
    }
    try {
      return work();
    } finally {
      fs.rmSync(file, { force: true });
    }
  } finally {
    fs.rmSync(own, { force: true });
  }
};

exports.readJson = (file, otherwise) => {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return otherwise;
    throw error;
  }
};

exports.writeJson = (file, value) => {
  const temporary = file + '.' + process.pid + '.tmp';
  fs.writeFileSync(temporary, JSON.stringify(value, null, 2), { mode: 0o600 });
  fs.renameSync(temporary, file);
};

// Reads the state, lets it be changed, writes it: nobody else does meanwhile.
exports.change = (work) =>
  exports.locked('state', () => {
    const file = path.join(exports.home(), 'state.json');
    const state = exports.readJson(file, {});
    for (const part of ['seed', 'units', 'workloads', 'services']) state[part] = state[part] || {};
    const result = work(state);
    exports.writeJson(file, state);
    return result;
  });

exports.log = (program, args) =>
  fs.appendFileSync(path.join(exports.home(), 'calls.log'), [program].concat(args).join(' ') + '\n', { mode: 0o600 });

// Splits arguments into options (with a value where the table says 1) and the rest; what is unknown ends it.
exports.parse = (program, args, known) => {
  const options = {};
  const rest = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at];
    if (word === '--') {
      rest.push.apply(rest, args.slice(at + 1));
      break;
    }
    if (word === '-' || word[0] !== '-') {
      rest.push(word);
      continue;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals > 0 ? word.slice(0, equals) : word;
    if (!(name in known)) exports.fail(64, program + ' stand-in: does not know the option ' + name);
    const value = equals > 0 ? word.slice(equals + 1) : known[name] ? args[(at += 1)] : true;
    options[name] = name in options && known[name] ? [].concat(options[name], value) : value;
  }
  return { options, rest };
};
`;
