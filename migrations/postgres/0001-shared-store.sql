-- The tables of the SQLite store (migrations/0001 to 0007), as replicas share them. Each replica has a mirror of them in
-- SQLite, in which the rules are applied; what comes here are the rows that a write changed. Constraints are those that
-- must hold between rows, a second time: a fault of a replica must not damage what all of them read.

-- One row. Whoever writes locks it, so writes come one after the other and their numbers have no gaps.
CREATE TABLE head (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  id     uuid    NOT NULL DEFAULT gen_random_uuid(), -- a mirror of another database starts anew
  seq    bigint  NOT NULL DEFAULT 0, -- number of the last write
  oldest bigint  NOT NULL DEFAULT 0  -- a mirror that is behind this number is copied anew
);
INSERT INTO head DEFAULT VALUES;

-- Which rows each write changed, inserted or deleted; what they hold is in their tables.
CREATE TABLE changes (
  seq     bigint NOT NULL,
  kind    text   NOT NULL, -- name of the table
  key     json   NOT NULL  -- its primary key, as an object
);
CREATE INDEX changes_by_seq ON changes (seq);

-- The servers that use this database, by their own ids.
CREATE TABLE replicas (
  id         text PRIMARY KEY,
  model      text NOT NULL,
  model_hash text NOT NULL,
  seen_at    timestamptz NOT NULL DEFAULT now()
);

-- Which replica works on which job. Times are of this server's clock alone.
CREATE TABLE job_leases (
  job        text NOT NULL,
  lane       text NOT NULL, -- validate or train
  replica    text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (job, lane)
);

-- Contents of training files, in pieces.
CREATE TABLE content_parts (
  sha256     text    NOT NULL,
  part       integer NOT NULL,
  bytes      bytea   NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sha256, part)
);

CREATE TABLE blobs (
  sha256  text PRIMARY KEY,
  content bytea NOT NULL
);

CREATE TABLE tasks (
  name           text PRIMARY KEY,
  description    text,
  template       text,
  labels         text,
  defaults       text,
  active_version bigint,
  created_at     bigint NOT NULL, -- Unix milliseconds, here and below
  updated_at     bigint NOT NULL,
  created_key    text,
  serving        text
);

CREATE TABLE prompt_versions (
  task               text   NOT NULL REFERENCES tasks (name) DEFERRABLE INITIALLY DEFERRED,
  version            bigint NOT NULL,
  sha256             text   NOT NULL REFERENCES blobs (sha256) DEFERRABLE INITIALLY DEFERRED,
  peft_type          text   NOT NULL,
  num_virtual_tokens bigint NOT NULL,
  token_dim          bigint NOT NULL,
  bytes              bigint NOT NULL,
  model_hash         text   NOT NULL,
  config             text   NOT NULL,
  created_at         bigint NOT NULL,
  num_labels         bigint,
  PRIMARY KEY (task, version),
  UNIQUE (task, sha256, peft_type, model_hash)
);
CREATE INDEX prompt_versions_by_content ON prompt_versions (sha256);

ALTER TABLE tasks ADD FOREIGN KEY (name, active_version) REFERENCES prompt_versions (task, version)
  DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE version_counters (
  task text PRIMARY KEY,
  last bigint NOT NULL
);

CREATE TABLE serving_history (
  seq        bigint PRIMARY KEY,
  task       text   NOT NULL REFERENCES tasks (name) DEFERRABLE INITIALLY DEFERRED,
  plan       text   NOT NULL,
  created_at bigint NOT NULL
);
CREATE INDEX serving_history_by_task ON serving_history (task);

CREATE TABLE training_files (
  seq        bigint PRIMARY KEY,
  id         text   NOT NULL UNIQUE,
  sha256     text   NOT NULL,
  filename   text   NOT NULL,
  format     text   NOT NULL,
  kind       text   NOT NULL,
  bytes      bigint NOT NULL,
  row_count  bigint NOT NULL,
  labels     text   NOT NULL,
  created_at bigint NOT NULL,
  owner      text
);
CREATE INDEX training_files_by_content ON training_files (sha256);

CREATE TABLE training_jobs (
  seq           bigint PRIMARY KEY,
  id            text   NOT NULL UNIQUE,
  status        text   NOT NULL CHECK (status IN
    ('validating_files', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
  spec          text   NOT NULL,
  plan          text,
  result        text,
  error         text,
  publishing    bigint NOT NULL DEFAULT 0,
  created_at    bigint NOT NULL,
  started_at    bigint,
  finished_at   bigint,
  actor_key     text,
  actor_request text
);
CREATE INDEX training_jobs_by_status ON training_jobs (status, seq);

CREATE TABLE training_events (
  seq        bigint PRIMARY KEY,
  job        text   NOT NULL REFERENCES training_jobs (id) DEFERRABLE INITIALLY DEFERRED,
  level      text   NOT NULL,
  type       text   NOT NULL,
  message    text   NOT NULL,
  data       text,
  key        text,
  created_at bigint NOT NULL
);
CREATE UNIQUE INDEX training_events_once ON training_events (job, key) WHERE key IS NOT NULL;
CREATE INDEX training_events_by_job ON training_events (job);

CREATE TABLE training_checkpoints (
  job        text   NOT NULL REFERENCES training_jobs (id) DEFERRABLE INITIALLY DEFERRED,
  step       bigint NOT NULL,
  content    bytea  NOT NULL,
  metrics    text   NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (job, step)
);

CREATE TABLE audit (
  seq        bigint PRIMARY KEY,
  action     text   NOT NULL,
  key        text,
  request_id text,
  task       text,
  version    bigint,
  sha256     text,
  subject    text,
  created_at bigint NOT NULL
);

CREATE TABLE idempotency_keys (
  owner       text   NOT NULL,
  operation   text   NOT NULL,
  key         text   NOT NULL,
  fingerprint text   NOT NULL,
  result      text   NOT NULL,
  created_at  bigint NOT NULL,
  PRIMARY KEY (owner, operation, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
