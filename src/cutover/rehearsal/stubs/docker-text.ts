/** docker compose as far as it is asked for: services are a number of containers, running or not. */
export const DOCKER_STUB = String.raw`'use strict';
const { change, fail, log, parse, print } = require('./common.cjs');

const KNOWN = { '--file': 1, '-f': 1, '--project-name': 1, '-p': 1, '--format': 1, '--all': 0, '-a': 0,
  '--detach': 0, '-d': 0, '--no-deps': 0, '--no-recreate': 0, '--force-recreate': 0, '--scale': 1, '--short': 0,
  '--services': 0, '--timeout': 1 };

const args = process.argv.slice(2);
log('docker', args);
if (args[0] !== 'compose') fail(64, 'docker stand-in: does not know ' + args[0]);
const { options, rest } = parse('docker', args.slice(1), KNOWN);
const [verb, ...services] = rest;
const project = options['--project-name'] || options['-p'] || 'sandbox';

const each = (work) => change((state) => {
  for (const name of services) {
    const key = project + '/' + name;
    const known = state.services[key] || Object.assign({ containers: 0, running: 0 }, (state.seed.services || {})[key]);
    state.services[key] = work(known, name) || known;
  }
});
const scaled = Object.fromEntries([].concat(options['--scale'] || []).map((word) => word.split('=')));

switch (verb) {
  case 'version':
    print('2.0.0-stand-in');
    break;
  case 'config':
    print(change((state) => Object.keys(Object.assign({}, state.seed.services, state.services))
      .map((key) => key.split('/').pop()).join('\n')));
    break;
  case 'ps':
    print(change((state) => Object.entries(Object.assign({}, state.seed.services, state.services))
      .filter(([key]) => key.startsWith(project + '/'))
      .flatMap(([key, { containers, running }]) => Array.from({ length: containers }, (_, at) => JSON.stringify({
        Service: key.split('/')[1], Name: key + '-' + at, State: at < running ? 'running' : 'exited', Health: '', ExitCode: 0,
      }))).join('\n')));
    break;
  case 'up':
    each(({ containers }, name) => {
      const count = name in scaled ? Number(scaled[name]) : Math.max(1, containers);
      return { containers: count, running: count };
    });
    break;
  case 'start':
  case 'restart':
    each(({ containers }) => ({ containers, running: containers }));
    break;
  case 'stop':
    each(({ containers }) => ({ containers, running: 0 }));
    break;
  default:
    fail(64, 'docker stand-in: does not know compose ' + verb);
}
`;

/** In place of any other program: it is noted, and nothing happens. */
export const ANY_STUB = `'use strict';
const { log } = require('./common.cjs');
log('any', process.argv.slice(2));
`;
