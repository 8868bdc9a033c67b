-- Tasks that serve with several versions, and what they served with before.

ALTER TABLE tasks ADD COLUMN serving TEXT; -- JSON: a plan of several versions; null: active_version alone

CREATE TABLE serving_history (
  seq        INTEGER PRIMARY KEY,
  task       TEXT NOT NULL REFERENCES tasks (name) ON DELETE CASCADE,
  plan       TEXT NOT NULL, -- JSON: what was replaced
  created_at INTEGER NOT NULL -- Unix milliseconds: when
) STRICT;

CREATE INDEX serving_history_by_task ON serving_history (task, seq);
