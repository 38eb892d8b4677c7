import pg from 'pg';

/** One alert as it stood in the table before the drain. */
export interface StoredAlert {
  id: string;
  agent: string;
  body: string;
}

const AGENTS = 250;

/** The kind of table that grows under an intrusion detection system when its workers fall behind. */
const TABLE = `
  CREATE TABLE alerts (
    id         bigserial PRIMARY KEY,
    agent_id   text NOT NULL,
    rule       text NOT NULL,
    severity   int NOT NULL,
    state      text NOT NULL DEFAULT 'pending',
    payload    jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`;

const RULES = [
  ['ssh-brute-force', 'Failed password for invalid user admin'],
  ['privilege-escalation', 'sudo: 3 incorrect password attempts'],
  ['malware-signature', 'Known packer found in /tmp/.cache/upd'],
  ['outbound-beacon', 'Regular connections to a rare domain'],
  ['file-integrity', 'Checksum of /etc/passwd has changed'],
  ['port-scan', '1,024 ports probed within 4 s'],
];

const FILL = `
  INSERT INTO alerts (agent_id, rule, severity, payload, created_at)
  SELECT 'agent-' || lpad((n * 7919 % ${AGENTS})::text, 3, '0'), r[1], 1 + n * 31 % 10,
         jsonb_build_object('rule', r[1], 'message', r[2], 'severity', 1 + n * 31 % 10,
           'source', jsonb_build_object('ip', '203.0.113.' || n % 254 + 1, 'port', 1024 + n * 13 % 60000),
           'user', (ARRAY['root', 'Zoë', 'svc-backup', '管理者', 'o''brien'])[1 + n % 5],
           'evidence', md5(n::text) || md5((n * 3)::text),
           'tags', jsonb_build_array('ids', 'tier-' || n % 3 + 1)),
         timestamptz '2026-11-21 06:00:00Z' + n * interval '150 ms'
    FROM generate_series(1, $2::int) n,
         LATERAL (SELECT array(SELECT jsonb_array_elements_text($1::jsonb -> (n % ${RULES.length}))) r) rules`;

/** Creates and fills the table; returns what stands in it, so that the proof need not believe qctl. */
export async function fillAlerts(url: string, count: number): Promise<StoredAlert[]> {
  return withClient(url, async (client) => {
    await client.query(TABLE);
    await client.query(FILL, [JSON.stringify(RULES), count]);
    const { rows } = await client.query<StoredAlert>(
      'SELECT id::text, agent_id AS agent, payload::text AS body FROM alerts ORDER BY alerts.id',
    );
    return rows;
  });
}

/** Rows that are left in the table. */
export async function countAlerts(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query('SELECT count(*)::int AS n FROM alerts');
    return rows[0].n;
  });
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
