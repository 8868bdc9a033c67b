-- When a task last served a request: the prefixes of the latest are computed ahead when the service starts.

CREATE TABLE task_uses (
  task         TEXT PRIMARY KEY REFERENCES tasks (name) ON DELETE CASCADE,
  last_used_at INTEGER NOT NULL -- Unix milliseconds
) STRICT;

CREATE INDEX task_uses_by_time ON task_uses (last_used_at);
