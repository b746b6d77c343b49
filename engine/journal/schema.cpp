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
  verify      INTEGER NOT NULL DEFAULT 0, -- retried with another plan: outcomes count only for equal work
  doubtful    INTEGER NOT NULL DEFAULT 0, -- retried: its first effects may have happened
  ended       TEXT CHECK (ended IN ('skipped', 'unchanged', 'written', 'parked')),
  ended_at    INTEGER,
  reason      TEXT NOT NULL DEFAULT '',
  place       TEXT NOT NULL DEFAULT '',
  warnings    TEXT NOT NULL DEFAULT ''    -- one a line
) STRICT;
CREATE INDEX IF NOT EXISTS event_of_pipeline ON event (pipeline, id);
CREATE INDEX IF NOT EXISTS event_in_flight ON event (pipeline, id) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS event_key_in_flight ON event (account, key, id) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS event_key ON event (account, key, id) WHERE ended = 'written';
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

-- Requests and answers, secrets out, bodies shortened. One call may serve many effects.
CREATE TABLE IF NOT EXISTS exchange (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  method       TEXT NOT NULL,
  url          TEXT NOT NULL,
  request_body TEXT NOT NULL,
  status       INTEGER NOT NULL,          -- 0: no answer came
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

-- What cannot be asked afterwards was about to be sent.
CREATE TABLE IF NOT EXISTS intent (
  event   INTEGER NOT NULL,
  address TEXT NOT NULL,
  PRIMARY KEY (event, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS cursor (
  pipeline TEXT NOT NULL,
  source   TEXT NOT NULL,
  cursor   TEXT NOT NULL,
  PRIMARY KEY (pipeline, source)
) STRICT, WITHOUT ROWID;

-- What a source knows of each thing; `open`: it is still looked at.
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

-- The books: received = written + unchanged + skipped + parked + in flight.
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

}  // namespace pipewright::engine
