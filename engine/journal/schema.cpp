#include "engine/journal/schema.hpp"

namespace pipewright::engine {

const char* journal_schema() {
  return R"sql(
-- The journal of pipewright. Times are milliseconds since 1970, UTC. Values are JSON; what plain JSON has no word for is an object with
-- one key that begins with `$` ({"$time": "…"}). One process writes; any number may read (open with mode=ro).

-- What a source handed over. `ended` is null while the event is in flight; else skipped, unchanged, written or parked.
CREATE TABLE IF NOT EXISTS event (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline    TEXT NOT NULL,
  source      TEXT NOT NULL,              -- connection and node, or `on NAME`
  account     TEXT NOT NULL,              -- with `key`: events of one key go one after another, across pipelines
  key         TEXT NOT NULL,
  identity    TEXT NOT NULL,
  record      TEXT,                       -- as received; null once pruned
  before      TEXT,
  received_at INTEGER NOT NULL,
  plan        TEXT NOT NULL,              -- hash, see plan
  git_commit  TEXT NOT NULL,
  epoch       INTEGER NOT NULL DEFAULT 0, -- the owner that has it; 0: released in order, nothing is under way
  doubt       INTEGER NOT NULL DEFAULT 0, -- what it does next may have happened already: an owner had it and died
  origin      INTEGER NOT NULL DEFAULT 0, -- of a listener's event: the event at the beginning of its chain
  reopened_after INTEGER NOT NULL DEFAULT 0, -- retried: the last event then; it stands behind those of its key
  as_was      INTEGER NOT NULL DEFAULT 0, -- retried with the plan that it began with
  stale_allowed INTEGER NOT NULL DEFAULT 0, -- retried although a later event of its key has written
  ended       TEXT CHECK (ended IN ('skipped', 'unchanged', 'written', 'parked')),
  ended_at    INTEGER,
  reason      TEXT NOT NULL DEFAULT '',
  place       TEXT NOT NULL DEFAULT '',
  warnings    TEXT NOT NULL DEFAULT ''    -- one a line
) STRICT;
CREATE INDEX IF NOT EXISTS event_of_pipeline ON event (pipeline, id);
CREATE INDEX IF NOT EXISTS event_in_flight ON event (pipeline, id) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS event_key_in_flight ON event (account, key, id) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS event_parked ON event (id) WHERE ended = 'parked';
CREATE INDEX IF NOT EXISTS event_to_prune ON event (ended_at) WHERE ended IS NOT NULL AND ended <> 'parked';

-- What a pipeline has ever taken: outlives the events, so that nothing is taken twice.
CREATE TABLE IF NOT EXISTS identity (
  pipeline TEXT NOT NULL,
  account  TEXT NOT NULL,
  identity TEXT NOT NULL,
  PRIMARY KEY (pipeline, account, identity)
) STRICT, WITHOUT ROWID;

-- What came of each effect. The address is its place in the plan: 3, 4.else.1, 5[2].1.
CREATE TABLE IF NOT EXISTS outcome (
  event      INTEGER NOT NULL,
  address    TEXT NOT NULL,
  connection TEXT NOT NULL,
  node       TEXT NOT NULL,
  verb       TEXT NOT NULL,
  input      TEXT NOT NULL,               -- what was wanted; equal for equal work
  outcome    TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (event, address)
) STRICT, WITHOUT ROWID;

-- Requests and responses, secrets out, bodies shortened. One call may serve many effects.
CREATE TABLE IF NOT EXISTS exchange (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  method       TEXT NOT NULL,
  url          TEXT NOT NULL,
  request_body TEXT NOT NULL,
  status       INTEGER NOT NULL,          -- 0: no response came
  answer_body  TEXT NOT NULL,
  at           INTEGER NOT NULL,
  took         INTEGER NOT NULL           -- milliseconds
) STRICT;
CREATE INDEX IF NOT EXISTS exchange_at ON exchange (at);
CREATE TABLE IF NOT EXISTS outcome_exchange (
  event    INTEGER NOT NULL,
  address  TEXT NOT NULL,
  exchange INTEGER NOT NULL,
  PRIMARY KEY (event, address, exchange)
) STRICT, WITHOUT ROWID;

-- What cannot be asked afterwards was about to be sent, and its outcome is not known.
CREATE TABLE IF NOT EXISTS intent (
  event   INTEGER NOT NULL,
  address TEXT NOT NULL,
  input   TEXT NOT NULL DEFAULT '',       -- as in outcome
  PRIMARY KEY (event, address)
) STRICT, WITHOUT ROWID;

-- The newest change of a key that was written to a connection: outlives the events, so that an old one never
-- overwrites it. `event` is the one that brought the change, `identity` its own.
CREATE TABLE IF NOT EXISTS newest_write (
  account    TEXT NOT NULL,
  key        TEXT NOT NULL,
  connection TEXT NOT NULL,
  event      INTEGER NOT NULL,
  identity   TEXT NOT NULL DEFAULT '',
  other_event    INTEGER NOT NULL DEFAULT 0,  -- the newest of another identity
  other_identity TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (account, key, connection)
) STRICT, WITHOUT ROWID;

-- Why an event in flight does not go on, as `run` last said.
CREATE TABLE IF NOT EXISTS waiting (
  event  INTEGER PRIMARY KEY,
  reason TEXT NOT NULL,
  since  INTEGER NOT NULL,
  failing INTEGER NOT NULL              -- it is retried since then
) STRICT;

-- Who writes: one row. Each process that takes the journal over has the next epoch; a commit of an earlier one fails.
CREATE TABLE IF NOT EXISTS owner (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL,
  pid   INTEGER NOT NULL,
  host  TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT;

-- What is left of each rate limit, so that a restart never begins with more.
CREATE TABLE IF NOT EXISTS bucket (
  connection   TEXT NOT NULL,             -- that used it last
  account      TEXT NOT NULL,
  grp          TEXT NOT NULL,
  tokens       INTEGER NOT NULL,          -- below zero after a penalty
  burst        INTEGER NOT NULL,
  interval     INTEGER NOT NULL,          -- between two tokens, microseconds
  at           INTEGER NOT NULL,
  paused_until INTEGER NOT NULL,
  PRIMARY KEY (account, grp)
) STRICT, WITHOUT ROWID;

-- What people ask for while `run` works (`events retry`, `events skip`), and its answers.
CREATE TABLE IF NOT EXISTS request (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  kind     TEXT NOT NULL CHECK (kind IN ('retry', 'skip')),
  event    INTEGER NOT NULL,
  as_was   INTEGER NOT NULL,
  stale    INTEGER NOT NULL,
  why      TEXT NOT NULL,
  accepted INTEGER,                       -- null: not answered yet
  reason   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS request_open ON request (id) WHERE accepted IS NULL;

CREATE TABLE IF NOT EXISTS cursor (
  pipeline TEXT NOT NULL,
  source   TEXT NOT NULL,
  cursor   TEXT NOT NULL,
  PRIMARY KEY (pipeline, source)
) STRICT, WITHOUT ROWID;

-- What a source knows of each thing; `open`: it is still polled.
CREATE TABLE IF NOT EXISTS seen (
  pipeline TEXT NOT NULL,
  source   TEXT NOT NULL,
  key      TEXT NOT NULL,
  state    TEXT NOT NULL,
  open     INTEGER NOT NULL,
  PRIMARY KEY (pipeline, source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_open ON seen (pipeline, source, key) WHERE open = 1;

CREATE TABLE IF NOT EXISTS plan (
  hash       TEXT PRIMARY KEY,
  git_commit TEXT NOT NULL,
  files      TEXT NOT NULL,               -- JSON: [[name, text], …]
  at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What stands in `status` until it is over: a connection that is down, a source's notice.
CREATE TABLE IF NOT EXISTS notice (
  subject TEXT PRIMARY KEY,
  text    TEXT NOT NULL,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the files that are appended to are known to be good.
CREATE TABLE IF NOT EXISTS sink (
  connection TEXT NOT NULL,
  node       TEXT NOT NULL,
  target     TEXT NOT NULL,
  position   TEXT NOT NULL,
  PRIMARY KEY (connection, node, target)
) STRICT, WITHOUT ROWID;

-- Counters whose sum must match: received = written + unchanged + skipped + parked + in flight.
CREATE TABLE IF NOT EXISTS counters (
  pipeline  TEXT PRIMARY KEY,
  received  INTEGER NOT NULL DEFAULT 0,
  written   INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  skipped   INTEGER NOT NULL DEFAULT 0,
  parked    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- For support.
CREATE VIEW IF NOT EXISTS parked_events AS
  SELECT id, pipeline, key, reason, place, datetime(received_at / 1000, 'unixepoch') AS received,
         datetime(ended_at / 1000, 'unixepoch') AS parked
  FROM event WHERE ended = 'parked' ORDER BY id;
CREATE VIEW IF NOT EXISTS events_in_flight AS
  SELECT id, pipeline, key, datetime(received_at / 1000, 'unixepoch') AS received FROM event WHERE ended IS NULL ORDER BY id;
CREATE VIEW IF NOT EXISTS books AS
  SELECT pipeline, received, written + unchanged AS done, skipped, parked,
         received - written - unchanged - skipped - parked AS in_flight FROM counters ORDER BY pipeline;
CREATE VIEW IF NOT EXISTS calls AS
  SELECT oe.event, oe.address, o.node, o.verb, x.method, x.url, x.status, x.took,
         datetime(x.at / 1000, 'unixepoch') AS called
  FROM outcome_exchange oe JOIN exchange x ON x.id = oe.exchange
  LEFT JOIN outcome o ON o.event = oe.event AND o.address = oe.address ORDER BY x.id;
)sql";
}

const char* journal_migration(int from) {
  if (from == 1) {
    return R"sql(
ALTER TABLE event ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN reopened_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN as_was INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN stale_allowed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE intent ADD COLUMN input TEXT NOT NULL DEFAULT '';
UPDATE event SET epoch = -1, doubt = 1 WHERE ended IS NULL;
UPDATE outcome SET address = '~1:' || address WHERE event IN (SELECT id FROM event WHERE ended IS NULL AND verify = 1);
UPDATE outcome_exchange SET address = '~1:' || address
  WHERE event IN (SELECT id FROM event WHERE ended IS NULL AND verify = 1);
INSERT OR REPLACE INTO newest_write (account, key, connection, event)
  SELECT e.account, e.key, o.connection, max(e.id) FROM outcome o JOIN event e ON e.id = o.event
  WHERE e.key <> '' AND e.ended = 'written' GROUP BY e.account, e.key, o.connection;
DROP INDEX IF EXISTS event_key;
)sql";
  }
  return nullptr;
}

}  // namespace pipewright::engine
