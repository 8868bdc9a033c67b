-- Tasks, their immutable prompt versions, and the files that versions share.

CREATE TABLE tasks (
  name           TEXT PRIMARY KEY,
  description    TEXT,
  template       TEXT,
  labels         TEXT,    -- JSON list of strings
  defaults       TEXT,    -- JSON object of generation parameters
  active_version INTEGER,
  created_at     INTEGER NOT NULL, -- Unix milliseconds, here and below
  updated_at     INTEGER NOT NULL,
  -- Deferred, because a task and its versions go in one statement.
  FOREIGN KEY (name, active_version) REFERENCES prompt_versions (task, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- safetensors files as they were uploaded, one row for each content.
CREATE TABLE blobs (
  sha256  TEXT PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE prompt_versions (
  task               TEXT NOT NULL REFERENCES tasks (name) ON DELETE CASCADE,
  version            INTEGER NOT NULL,
  sha256             TEXT NOT NULL REFERENCES blobs (sha256),
  peft_type          TEXT NOT NULL,
  num_virtual_tokens INTEGER NOT NULL,
  token_dim          INTEGER NOT NULL,
  bytes              INTEGER NOT NULL,
  model_hash         TEXT NOT NULL,
  config             TEXT NOT NULL, -- adapter_config.json
  created_at         INTEGER NOT NULL,
  PRIMARY KEY (task, version),
  -- The same bytes again are the same version, unless they were checked for another model.
  UNIQUE (task, sha256, peft_type, model_hash)
) STRICT;

CREATE INDEX prompt_versions_by_content ON prompt_versions (sha256, peft_type);

-- The last version number of every task that ever was: a number is never used twice.
CREATE TABLE version_counters (
  task TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT;

-- A file goes with the last version that uses it, whichever way that version goes.
CREATE TRIGGER prompt_versions_release_blob AFTER DELETE ON prompt_versions
WHEN NOT EXISTS (SELECT 1 FROM prompt_versions WHERE sha256 = OLD.sha256)
BEGIN
  DELETE FROM blobs WHERE sha256 = OLD.sha256;
END;
