/** kubectl as far as it is asked for; where workloads are kept and what runs is the affair of its `backend`. */
export const KUBECTL = String.raw`'use strict';
const fs = require('node:fs');
const { fail, print, parse, log } = require('./common.cjs');

const KNOWN = {
  '--context': 1, '--namespace': 1, '-n': 1, '--output': 1, '-o': 1, '--type': 1, '--patch-file': 1, '-p': 1,
  '--patch': 1, '--replicas': 1, '--timeout': 1, '--selector': 1, '-l': 1, '--field-selector': 1,
  '--request-timeout': 1, '--containers': 1, '-c': 1, '--watch': 1, '-w': 1, '--env': 1, '-e': 1,
  '--ignore-not-found': 0, '--minify': 0,
};
const KINDS = { deployment: 'Deployment', deployments: 'Deployment', deploy: 'Deployment',
  'deployment.apps': 'Deployment', statefulset: 'StatefulSet', sts: 'StatefulSet', daemonset: 'DaemonSet',
  ds: 'DaemonSet' };

// A strategic merge, as far as pod templates need one: lists of things with a name are merged by it.
const merge = (target, patch) => {
  if (patch === null || typeof patch !== 'object') return patch;
  if (Array.isArray(patch)) return patch;
  const result = Object.assign({}, target);
  for (const name of Object.keys(patch)) {
    if (name[0] === '$') continue;
    if (patch[name] === null) delete result[name];
    else if (name === 'containers' || name === 'env')
      result[name] = mergeNamed(result[name] || [], patch[name], patch['$setElementOrder/' + name]);
    else result[name] = merge(result[name], patch[name]);
  }
  return result;
};

const mergeNamed = (list, patches, order) => {
  let result = list.slice();
  for (const patch of patches) {
    const at = result.findIndex((item) => item.name === patch.name);
    if (patch.$patch === 'delete') result = result.filter((item) => item.name !== patch.name);
    else if (at < 0) result.push(merge({}, patch));
    else result[at] = merge(result[at], patch);
  }
  const rank = (order || []).map((item) => item.name);
  const ranked = result.filter((item) => rank.includes(item.name));
  ranked.sort((a, b) => rank.indexOf(a.name) - rank.indexOf(b.name));
  return result.map((item) => (rank.includes(item.name) ? ranked.shift() : item));
};

exports.fresh = (kind, namespace, name) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace, generation: 1 },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: 'stand-in', env: [] }] } },
  },
  status: {},
});

const seconds = (text) => {
  const match = /^(\d+)(s|m|h)?$/.exec(text || '');
  return match ? Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] || 's'] : 0;
};

exports.main = (backend) => {
  const args = process.argv.slice(2);
  // What comes after an equals sign may be a secret.
  log('kubectl', args.map((word) => word.replace(/^(\w+)=.*$/s, '$1=***')));
  const { options, rest } = parse('kubectl', args, KNOWN);
  const namespace = options['--namespace'] || options['-n'] || 'default';
  const output = options['--output'] || options['-o'];
  const target = (word) => {
    const [kind, name] = String(word).split('/');
    if (!KINDS[kind] || !name) fail(64, 'kubectl stand-in: does not know ' + word);
    const key = [namespace, KINDS[kind], name].join('/');
    const found = backend.get(key, KINDS[kind], namespace, name);
    if (!found) fail(1, 'Error from server (NotFound): ' + kind + 's.apps "' + name + '" not found');
    return { key, label: KINDS[kind].toLowerCase() + '.apps/' + name, object: found };
  };
  const update = (word, work) => {
    const { key, label } = target(word);
    backend.update(key, (object) => {
      const next = work(object);
      if (JSON.stringify(next.spec) !== JSON.stringify(object.spec)) next.metadata.generation += 1;
      return next;
    });
    return label;
  };
  const [verb, first, ...more] = rest;
  switch (verb) {
    case 'get': {
      if (first === 'pods' || first === 'pod') {
        const app = String(options['--selector'] || options['-l'] || '').replace(/^app=/, '');
        return print(backend.pods(namespace, app).map((name) => 'pod/' + name).join('\n'));
      }
      const { object, label } = target(more[0] ? first + '/' + more[0] : first);
      return print(output === 'json' ? JSON.stringify(object, null, 2) : label);
    }
    case 'patch': {
      const file = options['--patch-file'];
      const patch = JSON.parse(file ? fs.readFileSync(file, 'utf8') : options['-p'] || options['--patch']);
      return print(update(first, (object) => merge(object, patch)) + ' patched');
    }
    case 'set': {
      if (first !== 'env') return fail(64, 'kubectl stand-in: does not know set ' + first);
      const lines = options['-e'] === '-' || options['--env'] === '-' ? fs.readFileSync(0, 'utf8').split('\n') : [];
      const env = more.slice(1).concat(lines.filter(Boolean)).map((word) => {
        const at = word.indexOf('=');
        return at < 0 ? { name: word.replace(/-$/, ''), $patch: 'delete' }
          : { name: word.slice(0, at), value: word.slice(at + 1), valueFrom: null };
      });
      return print(update(more[0], (object) => merge(object, { spec: { template: { spec: {
        containers: object.spec.template.spec.containers.map(({ name }) => ({ name, env })) } } } })) + ' env updated');
    }
    case 'scale':
      return print(update(first, (object) => merge(object, { spec: { replicas: Number(options['--replicas']) } })) + ' scaled');
    case 'rollout': {
      if (first === 'restart') {
        const at = new Date().toISOString() + '-' + process.pid;
        const annotations = { 'kubectl.kubernetes.io/restartedAt': at };
        return print(update(more[0], (object) => merge(object, { spec: { template: { metadata: { annotations } } } })) + ' restarted');
      }
      if (first !== 'status') return fail(64, 'kubectl stand-in: does not know rollout ' + first);
      const { key, object } = target(more[0]);
      const wrong = backend.rollout(key, seconds(options['--timeout']) * 1000);
      if (wrong) return fail(1, 'error: ' + wrong);
      return print('deployment "' + object.metadata.name + '" successfully rolled out');
    }
    case 'config':
      if (first === 'current-context') return print('sandbox');
      return fail(64, 'kubectl stand-in: does not know config ' + first);
    case 'version':
      return print('Client Version: v0.0.0-stand-in');
    default:
      return fail(64, 'kubectl stand-in: does not know the verb ' + verb);
  }
};
`;

/** Workloads that are rolled out as soon as they are changed. */
export const KUBECTL_STUB = `'use strict';
const { change } = require('./common.cjs');
const { fresh, main } = require('./kubectl.cjs');

const settle = (object) => {
  const count = object.spec.replicas === undefined ? 1 : object.spec.replicas;
  object.status = { observedGeneration: object.metadata.generation, replicas: count, updatedReplicas: count,
    readyReplicas: count, availableReplicas: count };
  return object;
};

main({
  get: (key, kind, namespace, name) => change((state) => {
    const seeded = (state.seed.workloads || {})[key];
    state.workloads[key] = state.workloads[key] || settle(Object.assign(fresh(kind, namespace, name), seeded));
    return state.workloads[key];
  }),
  update: (key, work) => change((state) => {
    state.workloads[key] = settle(work(JSON.parse(JSON.stringify(state.workloads[key]))));
  }),
  pods: (namespace, app) => change((state) => Object.values(state.workloads)
    .filter((object) => object.metadata.namespace === namespace && object.spec.selector.matchLabels.app === app)
    .flatMap((object) => Array.from({ length: object.status.replicas }, (_, at) => app + '-' + at))),
  rollout: () => undefined,
});
`;
