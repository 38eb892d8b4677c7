-- The queue as the team has it: a row an alert, from new over enriched to sent.
CREATE TABLE alerts (
  id         text PRIMARY KEY,
  agent_id   text NOT NULL,
  state      text NOT NULL DEFAULT 'new',
  payload    jsonb NOT NULL,
  agent      jsonb,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alerts_to_do ON alerts (created_at) WHERE state <> 'sent';

CREATE FUNCTION tell_of_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('new_alert', NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER tell_of_alert AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION tell_of_alert();
