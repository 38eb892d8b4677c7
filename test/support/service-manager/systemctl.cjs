// A systemctl that really starts and stops processes.
const fs = require('node:fs');
const { locked } = require('./common.cjs');
const processes = require('./processes.cjs');
const { main } = require('./systemctl-main.cjs');

const definitionOf = (unit) => processes.definitions().units?.[unit];

const describe = (unit) => {
  const definition = definitionOf(unit);
  if (!definition) return undefined;
  const state = processes.readState(`unit-${unit}`);
  const lives = processes.lives(state.process);
  const running = state.wanted === 'running';
  const failed = (running && !lives) || (!running && state.killed);
  const [ActiveState, SubState] = lives
    ? running
      ? ['active', 'running']
      : ['deactivating', 'stop-sigterm']
    : failed
      ? ['failed', 'failed']
      : ['inactive', 'dead'];
  return {
    LoadState: 'loaded',
    ActiveState,
    SubState,
    Result: state.killed ? 'timeout' : failed ? 'exit-code' : 'success',
    UnitFileState: state.UnitFileState ?? definition.unitFileState ?? 'disabled',
    Type: 'simple',
    MainPID: String(lives ? state.process.pid : 0),
    NRestarts: '0',
  };
};

const change = (unit, values) => {
  const name = `unit-${unit}`;
  processes.writeState(name, { ...processes.readState(name), ...values });
};

const holding = (work) => (unit, _user, values) => locked(`unit-${unit}`, () => work(unit, values));

main({
  state: describe,
  set: holding(change),
  start: holding((unit) => {
    if (describe(unit).ActiveState === 'active') return undefined;
    const { envFile, env, ...definition } = definitionOf(unit);
    let given = {};
    try {
      given = envFile ? processes.readEnvFile(envFile) : {};
    } catch {
      change(unit, { wanted: 'running', process: null, killed: false });
      return `Job for ${unit} failed: cannot read ${envFile}`;
    }
    const started = processes.start(unit, definition, { ...env, ...given });
    change(unit, { wanted: 'running', process: started, killed: false });
  }),
  stop: holding((unit) => {
    const { process: proc } = processes.readState(`unit-${unit}`);
    const failed = describe(unit).ActiveState === 'failed';
    change(unit, { wanted: 'stopped', killed: false });
    if (failed) return undefined;
    change(unit, { killed: processes.stop(proc, definitionOf(unit).stopTimeoutMs) });
  }),
  reset: holding((unit) => {
    if (describe(unit).ActiveState === 'failed') change(unit, { wanted: 'stopped', killed: false });
  }),
  journal: (unit) => {
    try {
      return fs.readFileSync(processes.logFile(unit), 'utf8').trim().split('\n').slice(-15).join('\n');
    } catch {
      return '';
    }
  },
});
