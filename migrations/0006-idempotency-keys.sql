-- What requests with an Idempotency-Key created: the same request again gets the same answer.

CREATE TABLE idempotency_keys (
  owner       TEXT NOT NULL, -- who sent the request; '' when nobody has a name
  operation   TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL, -- SHA-256 of what was asked for
  result      TEXT NOT NULL, -- JSON: what was created
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (owner, operation, key)
) STRICT;

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
