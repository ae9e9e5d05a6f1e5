-- Durable jobs. What is in one lane is done in order, its head alone; a topic names lanes that are held or woken together.
-- due_at: when the head may start; NULL while the lane is empty. tat: until when the lane's pace is used up.
CREATE TABLE job_lanes (
    lane TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    due_at INTEGER,
    tat INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease_until INTEGER
) STRICT;
CREATE INDEX job_lanes_due ON job_lanes (kind, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX job_lanes_topic ON job_lanes (topic);

-- state: 'ready' until it is done (then the row goes), 'dead', or 'discarded'. phase: how far a try had come, in the handler's
-- own words. trying_since: when it failed for the first time of those that count.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    topic TEXT NOT NULL,
    company_id INTEGER,
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready',
    attempt INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    phase TEXT,
    trying_since INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_lane ON jobs (lane, id) WHERE state = 'ready';
CREATE INDEX jobs_dead ON jobs (state, id) WHERE state <> 'ready';

-- What became of each try that did not succeed.
CREATE TABLE job_tries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX job_tries_job ON job_tries (job_id, id);

-- One outbound message's way out. failure is JSON: class, code, es, en, detail. possible_duplicate: it may have been
-- delivered twice, because an earlier try had no answer.
CREATE TABLE deliveries (
    message_id TEXT PRIMARY KEY,
    company_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    act TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    possible_duplicate INTEGER NOT NULL DEFAULT 0,
    failure TEXT,
    note TEXT,
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;

-- Every state that an outbound message has been in, with what was known then.
CREATE TABLE message_states (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempt INTEGER,
    detail TEXT
) STRICT;
CREATE INDEX message_states_message ON message_states (message_id, id);

-- Channels whose sends are held: version is the channel's when it broke; a newer one is tried at once.
CREATE TABLE channel_holds (
    channel_id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    class TEXT NOT NULL,
    code TEXT NOT NULL,
    es TEXT NOT NULL,
    en TEXT NOT NULL,
    detail TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    failures INTEGER NOT NULL
) STRICT;

-- Files that a channel's platform has from us.
CREATE TABLE platform_files (
    channel_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (channel_id, sha256)
) STRICT, WITHOUT ROWID;

-- Answers that a repeated call gets again.
CREATE TABLE idempotency_keys (
    client_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER,
    answer TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (client_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (at);

-- Up to where the agents' side has read a conversation.
CREATE TABLE conversation_reads (
    conversation_id TEXT PRIMARY KEY,
    read_at INTEGER NOT NULL,
    message_id TEXT
) STRICT;

CREATE INDEX message_refs_message ON message_refs (message_id);
CREATE INDEX conversation_keys_conversation ON conversation_keys (conversation_id);

-- A number that changed has both names: the latest is the one to write to.
ALTER TABLE conversation_keys ADD COLUMN bound_at INTEGER NOT NULL DEFAULT 0;
