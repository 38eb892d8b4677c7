/** systemctl as far as it is asked for; what a unit is and does is the affair of its `backend`. */
export const SYSTEMCTL = String.raw`'use strict';
const { fail, print, parse, log } = require('./common.cjs');
const { exit } = process;

const KNOWN = {
  '--user': 0, '--system': 0, '--no-pager': 0, '--no-ask-password': 0, '--full': 0, '-l': 0, '--quiet': 0,
  '-q': 0, '--value': 0, '--property': 1, '-p': 1, '--lines': 1, '-n': 1, '--now': 0, '--no-block': 0,
};
const NONE = { LoadState: 'not-found', ActiveState: 'inactive', SubState: 'dead', Result: 'success',
  UnitFileState: '', Type: '', MainPID: '0', NRestarts: '0' };

exports.main = (backend) => {
  const args = process.argv.slice(2);
  log('systemctl', args);
  const { options, rest } = parse('systemctl', args, KNOWN);
  const [verb, ...names] = rest;
  const user = options['--user'] === true;
  const units = names.map((name) => (/\.\w+$/.test(name) ? name : name + '.service'));
  const state = (unit) => backend.state(unit, user);
  const each = (work) => {
    for (const unit of units) {
      if (!state(unit)) fail(5, 'Failed to ' + verb + ' ' + unit + ': Unit ' + unit + ' not found.');
      const wrong = work(unit);
      if (wrong) fail(1, wrong);
    }
  };
  switch (verb) {
    case 'show': {
      const asked = [].concat(options['--property'] || options['-p'] || []).join(',').split(',').filter(Boolean);
      const value = options['--value'] === true;
      const lines = (found) => (asked.length ? asked : Object.keys(found))
        .filter((name) => name in found)
        .map((name) => (value ? '' : name + '=') + found[name])
        .join('\n');
      if (units.length === 0) return print(lines({ Version: '255 (stand-in)' }));
      return print(units.map((unit) => lines(Object.assign({ Id: unit }, state(unit) || NONE))).join('\n\n'));
    }
    case 'start':
      return each((unit) => backend.start(unit, user));
    case 'stop':
      return each((unit) => backend.stop(unit, user));
    case 'restart':
      return each((unit) => backend.stop(unit, user) || backend.start(unit, user));
    case 'enable':
    case 'disable':
      return each((unit) => backend.set(unit, user, { UnitFileState: verb + 'd' }));
    case 'reset-failed':
      return each((unit) => backend.reset(unit, user));
    case 'daemon-reload':
      return undefined;
    case 'is-active':
    case 'is-enabled': {
      const name = verb === 'is-active' ? 'ActiveState' : 'UnitFileState';
      const found = units.map((unit) => (state(unit) || NONE)[name]);
      print(found.join('\n'));
      return exit(found.some((is) => is === 'active' || is === 'enabled') ? 0 : 3);
    }
    case 'status': {
      for (const unit of units) print(unit + ' - ' + (state(unit) || NONE).ActiveState + '\n' + backend.journal(unit, user));
      return exit(units.every((unit) => (state(unit) || NONE).ActiveState === 'active') ? 0 : 3);
    }
    default:
      return fail(64, 'systemctl stand-in: does not know the verb ' + verb);
  }
};
`;

/** Units that only change their state. */
export const SYSTEMCTL_STUB = `'use strict';
const { change } = require('./common.cjs');

const FRESH = { LoadState: 'loaded', ActiveState: 'inactive', SubState: 'dead', Result: 'success',
  UnitFileState: 'disabled', Type: 'simple', MainPID: '0', NRestarts: '0' };
const UP = { ActiveState: 'active', SubState: 'running', Result: 'success' };
const DOWN = { ActiveState: 'inactive', SubState: 'dead', Result: 'success', MainPID: '0' };

const keyOf = (unit, user) => (user ? 'user:' : '') + unit;
const set = (unit, user, values) => change((state) => {
  const key = keyOf(unit, user);
  state.units[key] = Object.assign({}, FRESH, (state.seed.units || {})[key], state.units[key], values);
});
const get = (unit, user) => {
  set(unit, user, {});
  return change((state) => state.units[keyOf(unit, user)]);
};

require('./systemctl.cjs').main({
  state: get,
  set,
  start: (unit, user) => set(unit, user, Object.assign({ MainPID: String(1000 + (process.pid % 30000)) }, UP)),
  stop: (unit, user) => set(unit, user, DOWN),
  reset: (unit, user) => get(unit, user).ActiveState === 'failed' && set(unit, user, DOWN),
  journal: () => '',
});
`;
