-- Learning prompts: labelled files, jobs, what jobs report, and the states from which they go on.

-- The contents lie beside the database, one file for each sha256.
CREATE TABLE training_files (
  seq        INTEGER PRIMARY KEY, -- the order of lists, here and below
  id         TEXT NOT NULL UNIQUE,
  sha256     TEXT NOT NULL,
  filename   TEXT NOT NULL,
  format     TEXT NOT NULL, -- jsonl or csv
  kind       TEXT NOT NULL, -- classification or completion
  bytes      INTEGER NOT NULL,
  row_count  INTEGER NOT NULL,
  labels     TEXT NOT NULL, -- JSON list of strings
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX training_files_by_content ON training_files (sha256);

-- No reference to training_files: a file may go when no job needs it any more.
CREATE TABLE training_jobs (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  status      TEXT NOT NULL CHECK (status IN
    ('validating_files', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
  spec        TEXT NOT NULL, -- JSON: all that decides the result
  plan        TEXT,          -- JSON: what the files and the model made of it; null until validated
  result      TEXT,          -- JSON: the published version
  error       TEXT,          -- JSON: code and message
  publishing  INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL,
  started_at  INTEGER,
  finished_at INTEGER
) STRICT;

CREATE INDEX training_jobs_by_status ON training_jobs (status, seq);

CREATE TABLE training_events (
  seq        INTEGER PRIMARY KEY,
  job        TEXT NOT NULL REFERENCES training_jobs (id) ON DELETE CASCADE,
  level      TEXT NOT NULL,
  type       TEXT NOT NULL,
  message    TEXT NOT NULL,
  data       TEXT,          -- JSON
  key        TEXT,          -- what a job says once, also when it repeats steps after a restart
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX training_events_by_job ON training_events (job, seq);
CREATE UNIQUE INDEX training_events_once ON training_events (job, key) WHERE key IS NOT NULL;

CREATE TABLE training_checkpoints (
  job        TEXT NOT NULL REFERENCES training_jobs (id) ON DELETE CASCADE,
  step       INTEGER NOT NULL,
  content    BLOB NOT NULL,
  metrics    TEXT NOT NULL, -- JSON
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job, step)
) STRICT;
