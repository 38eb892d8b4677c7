/** What is known of a PostgreSQL source. */
export interface PostgresSourceFacts {
  kind: 'postgres';
  label: string;
}
