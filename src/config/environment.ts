/** Environment as it is handed in; nothing here reads that of the process. */
export type Environment = Record<string, string | undefined>;

/** One setting that can come from the environment. */
export interface Variable {
  /** The names that are understood, the first that is set wins. */
  names: readonly string[];
  description: string;
  secret?: boolean;
}

const withQctl = (names: string[], description: string, secret = false): Variable => ({
  names: [`QCTL_${names[0]}`, ...names],
  description,
  ...(secret && { secret }),
});

/** Every variable that qctl reads, by setting. `help environment` is rendered from it. */
export const VARIABLES = {
  profile: { names: ['QCTL_PROFILE'], description: 'profile of the configuration' },
  config: { names: ['QCTL_CONFIG'], description: 'path of the configuration file' },
  output: { names: ['QCTL_OUTPUT'], description: 'default of --output' },
  stateDir: {
    names: ['QCTL_STATE_DIR'],
    description:
      'folder of journals and backups of cutovers, and of alerts while Redis is away (default: qctl in XDG_STATE_HOME, else ~/.local/state/qctl)',
  },
  completionTimeout: {
    names: ['QCTL_COMPLETION_TIMEOUT'],
    description: 'how long completion of names may take in all, from the start of qctl (default: 240ms)',
  },
  noColour: { names: ['QCTL_NO_COLOR', 'NO_COLOR'], description: 'no colours' },
  forceColour: { names: ['FORCE_COLOR'], description: 'colours also where there is no terminal' },

  redisUrl: withQctl(['REDIS_URL'], 'Redis as a URL, rediss:// for TLS', true),
  redisAddress: withQctl(['REDIS_ADDRESS'], 'Redis as host:port'),
  redisUsername: withQctl(['REDIS_USERNAME'], 'ACL user'),
  redisPassword: withQctl(['REDIS_PASSWORD'], 'password, where the URL has none', true),
  redisPasswordFile: withQctl(['REDIS_PASSWORD_FILE'], 'file that holds the password'),
  redisTlsEnabled: withQctl(['REDIS_TLS_ENABLED', 'REDIS_TLS'], 'true: TLS also for redis:// and host:port'),
  redisTlsCa: withQctl(['REDIS_TLS_CA_FILE', 'REDIS_TLS_CA'], 'certificate authority, a file'),
  redisTlsCert: withQctl(['REDIS_TLS_CERT_FILE', 'REDIS_TLS_CERT'], 'client certificate, a file'),
  redisTlsKey: withQctl(['REDIS_TLS_KEY_FILE', 'REDIS_TLS_KEY'], 'key of the client certificate, a file'),
  redisTlsServername: withQctl(['REDIS_TLS_SERVERNAME'], 'name that the certificate must carry'),
  sentinelHosts: withQctl(
    ['REDIS_SENTINEL_HOSTS', 'REDIS_SENTINEL_ADDRS', 'REDIS_SENTINEL_ADDRESSES'],
    'Sentinels: host:port,host:port',
  ),
  sentinelEnabled: withQctl(['REDIS_SENTINEL_ENABLED'], 'false: the Sentinels named beside it are not asked'),
  sentinelName: withQctl(['REDIS_SENTINEL_MASTER_NAME', 'REDIS_SENTINEL_MASTER'], 'name of the primary'),
  sentinelUsername: withQctl(['REDIS_SENTINEL_USERNAME'], 'user of the Sentinels themselves'),
  sentinelPassword: withQctl(['REDIS_SENTINEL_PASSWORD'], 'password of the Sentinels themselves', true),
  clusterNodes: withQctl(['REDIS_CLUSTER_NODES'], 'some nodes of a Redis Cluster: host:port,host:port'),
  stream: withQctl(['REDIS_STREAM_NAME'], 'stream, where no --stream is given'),
  group: withQctl(['REDIS_CONSUMER_GROUP'], 'consumer group, where no --group is given'),
  maxLen: withQctl(['REDIS_MAX_LEN'], 'upper limit of the length of the stream'),

  queueUrl: { names: ['QCTL_QUEUE_URL', 'SQS_QUEUE_URL'], description: 'URL of the SQS queue' },
  sqsEndpoint: {
    names: ['QCTL_SQS_ENDPOINT', 'AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL'],
    description: 'other endpoint than that of AWS',
  },
  region: { names: ['QCTL_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION'], description: 'AWS region' },
  awsProfile: {
    names: ['AWS_PROFILE'],
    description: 'profile of the AWS configuration (read by the AWS SDK)',
  },
  awsAccessKeyId: {
    names: ['AWS_ACCESS_KEY_ID'],
    description: 'AWS credentials, with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (read by the AWS SDK)',
  },

  brokerUrl: {
    names: ['QCTL_BROKER_URL', 'CELERY_BROKER_URL'],
    description: "Redis that is the broker of Celery, as in the workers' broker_url",
    secret: true,
  },

  postgresUrl: {
    names: ['QCTL_POSTGRES_URL', 'DATABASE_URL'],
    description: 'PostgreSQL as a URL',
    secret: true,
  },
  pgHost: { names: ['PGHOST'], description: 'PostgreSQL host, or folder of its socket' },
  pgPort: { names: ['PGPORT'], description: 'PostgreSQL port' },
  pgUser: { names: ['PGUSER'], description: 'PostgreSQL user' },
  pgPassword: { names: ['PGPASSWORD'], description: 'PostgreSQL password', secret: true },
  pgDatabase: { names: ['PGDATABASE'], description: 'PostgreSQL database' },
  pgSslMode: { names: ['PGSSLMODE'], description: 'disable, require, verify-ca or verify-full' },
  pgSslRootCert: { names: ['PGSSLROOTCERT'], description: 'certificate authority, a file' },
  pgSslCert: { names: ['PGSSLCERT'], description: 'client certificate, a file' },
  pgSslKey: { names: ['PGSSLKEY'], description: 'key of the client certificate, a file' },
  pgPassFile: { names: ['PGPASSFILE'], description: 'password file (default: ~/.pgpass)' },
} satisfies Record<string, Variable>;

/** Name of a setting in {@link VARIABLES}. */
export type VariableKey = keyof typeof VARIABLES;

/** A variable that is set, and under which of its names. */
export interface SetVariable {
  name: string;
  value: string;
}

/** The variable of a setting; an empty one counts as not set. */
export function findVariable(env: Environment, key: VariableKey): SetVariable | undefined {
  for (const name of VARIABLES[key].names) {
    const value = env[name];
    if (value) return { name, value };
  }
  return undefined;
}

/** Only the value of {@link findVariable}. */
export function readVariable(env: Environment, key: VariableKey): string | undefined {
  return findVariable(env, key)?.value;
}
