-- Times are milliseconds since the Unix epoch; JSON is TEXT; a flag is 0 or 1.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Tenants. next_ticket is the number that the next ticket of the company gets.
CREATE TABLE companies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    next_ticket INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;

-- Programs that may call the API. A client without a company is a super-admin.
CREATE TABLE api_clients (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER REFERENCES companies (id),
    name TEXT NOT NULL,
    client_key TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- One row per API call: id is its id_bitacora_log.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    company_id INTEGER,
    client_id INTEGER,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);

-- account is the one by which webhooks and people name it. settings and secrets are JSON objects by setting key; each value of secrets is sealed.
CREATE TABLE channels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    settings TEXT NOT NULL,
    secrets TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    reopen_within_ms INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    last_event_at INTEGER,
    last_error TEXT,
    last_error_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- The names by which shared webhooks address a channel; position 0 is the one that only one channel may have.
CREATE TABLE channel_accounts (
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (kind, account, channel_id)
) STRICT;
CREATE UNIQUE INDEX channel_accounts_primary ON channel_accounts (kind, account) WHERE position = 0;

-- Where a poller stands: Telegram's offset, a mailbox's UIDVALIDITY and UID.
CREATE TABLE channel_cursors (
    channel_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, name)
) STRICT;

-- News about a channel that no ticket needs: account, template and quality events, unknown kinds.
CREATE TABLE channel_events (
    id TEXT PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    raw TEXT,
    at INTEGER NOT NULL,
    log_id INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_events_channel ON channel_events (channel_id, id);

-- Accounts that webhooks named and nobody configured, once per day.
CREATE TABLE unknown_accounts (
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (kind, account, day)
) STRICT;

CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    company_id INTEGER NOT NULL,
    name TEXT,
    account TEXT,
    language TEXT,
    -- National identity number (RUT and the like), without punctuation, upper case.
    country_id TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX contacts_country ON contacts (company_id, country_id) WHERE country_id IS NOT NULL;

CREATE TABLE identities (
    company_id INTEGER NOT NULL,
    scheme TEXT NOT NULL,
    value TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (company_id, scheme, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_contact ON identities (contact_id);

-- What the platform shows as one thread. ticket_id is its latest ticket.
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    company_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    contact_id TEXT,
    ticket_id TEXT,
    subject TEXT,
    blocked_at INTEGER,
    last_inbound_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_contact ON conversations (contact_id);

-- Every name of a conversation within its channel.
CREATE TABLE conversation_keys (
    channel_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (channel_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    company_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    contact_id TEXT,
    state TEXT NOT NULL,
    subject TEXT,
    last_author TEXT,
    last_content TEXT,
    last_message_at INTEGER,
    waiting_since INTEGER,
    close_reason TEXT,
    closed_at INTEGER,
    reopened INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
-- P3: one ticket that is not closed per conversation, whatever runs at once.
CREATE UNIQUE INDEX tickets_one_open ON tickets (conversation_id) WHERE state <> 'closed';
CREATE UNIQUE INDEX tickets_number ON tickets (company_id, number);
CREATE INDEX tickets_state ON tickets (company_id, state, created_at DESC, id DESC);
CREATE INDEX tickets_kind ON tickets (company_id, kind, created_at DESC, id DESC);
CREATE INDEX tickets_contact ON tickets (contact_id);
CREATE INDEX tickets_conversation ON tickets (conversation_id);

-- at: the platform's time, or the arrival's where it gives none. body and extra are JSON.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    company_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    conversation_id TEXT NOT NULL,
    ticket_id TEXT,
    direction TEXT NOT NULL,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    body TEXT NOT NULL,
    extra TEXT,
    raw TEXT,
    reply_to TEXT,
    author_id TEXT,
    author_name TEXT,
    author_account TEXT,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    log_id INTEGER NOT NULL,
    status TEXT,
    status_at INTEGER,
    failure TEXT,
    edited_at INTEGER,
    deleted_at INTEGER,
    hidden_at INTEGER
) STRICT;
CREATE INDEX messages_ticket ON messages (ticket_id, at, id);
CREATE INDEX messages_conversation ON messages (conversation_id, at, id);

-- Every platform name of a message within its channel.
CREATE TABLE message_refs (
    channel_id INTEGER NOT NULL,
    ref TEXT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (channel_id, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachments (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    channel_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    mime TEXT,
    file_name TEXT,
    size INTEGER,
    sha256 TEXT,
    content_id TEXT,
    extra TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attachments_message ON attachments (message_id, id);
CREATE INDEX attachments_pending ON attachments (created_at) WHERE state = 'pending';

-- What a message said before an edit.
CREATE TABLE message_revisions (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    content TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX message_revisions_message ON message_revisions (message_id, id);

CREATE TABLE message_reactions (
    message_id TEXT NOT NULL,
    author TEXT NOT NULL,
    emoji TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (message_id, author)
) STRICT;

-- Every delivery state that a platform reported; participant is empty outside groups.
CREATE TABLE message_receipts (
    message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    participant TEXT NOT NULL,
    at INTEGER NOT NULL,
    error TEXT,
    data TEXT,
    PRIMARY KEY (message_id, status, participant)
) STRICT;

-- Receipts, edits, reactions and deletions that came before the message they are about.
CREATE TABLE parked_events (
    id TEXT PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    target TEXT NOT NULL,
    event TEXT NOT NULL,
    parked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX parked_events_target ON parked_events (channel_id, target);
CREATE INDEX parked_events_age ON parked_events (parked_at);

-- P2: the marker is written in the transaction of the effect.
CREATE TABLE dedup (
    channel_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX dedup_age ON dedup (at);

CREATE TABLE queue_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partition INTEGER NOT NULL,
    route TEXT NOT NULL,
    body TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL
) STRICT;
CREATE INDEX queue_items_partition ON queue_items (partition, id);

-- Items that wait for their time, whichever queue they go back to.
CREATE TABLE queue_delayed (
    id TEXT PRIMARY KEY,
    due_at INTEGER NOT NULL,
    route TEXT NOT NULL,
    body TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX queue_delayed_due ON queue_delayed (due_at);

-- kind 'event': a queue item; kind 'payload': a piece of a webhook or mail that could not be understood.
CREATE TABLE dead_letters (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    channel_id INTEGER,
    route TEXT NOT NULL,
    content_type TEXT,
    body BLOB NOT NULL,
    reason TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE INDEX dead_letters_state ON dead_letters (state, id);

-- Who may do a thing alone, until when.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;
