-- Who made what, and a trail of every change of what is stored.

ALTER TABLE tasks ADD COLUMN created_key TEXT; -- name of the API key that created it, here and below; null: none

ALTER TABLE training_files ADD COLUMN owner TEXT; -- name of the API key

CREATE INDEX training_files_by_owner ON training_files (owner);

ALTER TABLE training_jobs ADD COLUMN actor_key TEXT; -- name of the API key
ALTER TABLE training_jobs ADD COLUMN actor_request TEXT; -- id of the request

CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used twice
  action     TEXT NOT NULL,
  key        TEXT,    -- name of the API key
  request_id TEXT,
  task       TEXT,
  version    INTEGER,
  sha256     TEXT,
  subject    TEXT,    -- id of a file or job
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_by_task ON audit (task, seq);
