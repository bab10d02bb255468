-- The agent's store: one small file per site. The journal is the truth; everything else is there to read it faster or to talk about it.

-- One row about the store itself.
CREATE TABLE meta (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    journal         BLOB    NOT NULL CHECK (length(journal) = 16),
    -- Whether everything that happened at this site is known here.
    resynced        INTEGER NOT NULL CHECK (resynced IN (0, 1)),
    -- The last entry the controller is known to have on disk.
    acknowledged    INTEGER NOT NULL CHECK (acknowledged >= 0),
    -- The place in the feed up to which its rows are below.
    cursor_revision INTEGER NOT NULL CHECK (cursor_revision >= 0),
    cursor_kind     INTEGER NOT NULL CHECK (cursor_kind BETWEEN 0 AND 65535),
    cursor_id       BLOB    NOT NULL CHECK (length(cursor_id) = 16),
    -- Counts how often the feed was begun anew; rows of an earlier count are dropped when it has come to its end.
    feed_round      INTEGER NOT NULL,
    -- It is at least so late, in milliseconds since 1970, and since when that is not proven by the controller.
    floor           INTEGER NOT NULL,
    unproven_since  INTEGER,
    -- The machine's boot and how long it had been up at the floor; a restart of the program alone goes on from there.
    boot            BLOB CHECK (length(boot) = 16),
    boot_millis     INTEGER
) STRICT;

-- What happened, in order. A number is never used again within one journal.
CREATE TABLE journal (
    number   INTEGER PRIMARY KEY CHECK (number >= 1),
    at       INTEGER NOT NULL,
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 65535),
    body     BLOB    NOT NULL,
    -- The hash chain up to the entry before.
    previous BLOB    NOT NULL CHECK (length(previous) = 32)
) STRICT;

-- What the controller decided, as it came; kinds of a later version are kept.
CREATE TABLE feed (
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 65535),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    round    INTEGER NOT NULL,
    body     BLOB    NOT NULL,
    sum      BLOB    NOT NULL CHECK (length(sum) = 8),
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- The state after an entry, so that only the entries after it need reading.
CREATE TABLE snapshot (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    entry INTEGER NOT NULL CHECK (entry >= 0),
    at    INTEGER NOT NULL,
    body  BLOB    NOT NULL,
    sum   BLOB    NOT NULL CHECK (length(sum) = 32)
) STRICT;

-- What running sessions had used, a minute ago at most.
CREATE TABLE checkpoint (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    entry INTEGER NOT NULL CHECK (entry >= 0),
    at    INTEGER NOT NULL,
    body  BLOB    NOT NULL,
    sum   BLOB    NOT NULL CHECK (length(sum) = 32)
) STRICT;
