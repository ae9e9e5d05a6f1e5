-- Agents and operators: people who work in the house. password_hash: argon2id; without one nobody can log in.
-- capacity: tickets that they may own at once. presence_id: how they are now, since presence_at.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    -- Lower case.
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT,
    phone TEXT,
    role TEXT NOT NULL,
    password_hash TEXT,
    pin_hash TEXT,
    device_id TEXT,
    department_id INTEGER,
    capacity INTEGER NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    presence_id INTEGER NOT NULL,
    presence_at INTEGER NOT NULL,
    last_assigned_at INTEGER,
    picture_sha256 TEXT,
    picture_mime TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_email ON users (company_id, email);

-- What a person who logged in shows with each call; only its hash is kept.
CREATE TABLE user_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    token_hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX user_tokens_user ON user_tokens (user_id);
CREATE INDEX user_tokens_expiry ON user_tokens (expires_at);

-- What somebody shows who forgot the password; only its hash is kept.
CREATE TABLE password_resets (
    token_hash TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    expires_at INTEGER NOT NULL
) STRICT;

-- How an agent can be. kind: 'online' (gets tickets), 'away' (keeps them) or 'offline' (gives unanswered ones back
-- after a while). Those without a company are everybody's.
CREATE TABLE presence_states (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1
) STRICT;
INSERT INTO presence_states (id, company_id, name, kind) VALUES
    (1, NULL, 'En línea', 'online'),
    (2, NULL, 'Ocupado', 'away'),
    (3, NULL, 'Colación', 'away'),
    (4, NULL, 'Baño', 'away'),
    (5, NULL, 'Reunión', 'away'),
    (6, NULL, 'Capacitación', 'away'),
    (7, NULL, 'Desconectado', 'offline');
UPDATE sqlite_sequence SET seq = 100 WHERE name = 'presence_states';

CREATE TABLE presence_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    presence_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- Until when; NULL while it lasts.
    until INTEGER,
    changed_by INTEGER
) STRICT;
CREATE INDEX presence_history_user ON presence_history (user_id, at);
CREATE INDEX presence_history_company ON presence_history (company_id, at);

-- hours is JSON: the week as AP writes it ("lunes_apertura": "08:00", "lunes_cierre": "18:00", …, "defecto", "email").
CREATE TABLE departments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    name TEXT NOT NULL,
    hours TEXT,
    active INTEGER NOT NULL DEFAULT 1,
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX departments_company ON departments (company_id, id);

-- A queue of tickets and the agents who serve it. policy: 'auto' or 'manual'. Lower positions come first. hours is JSON (see
-- domain/hours); without any it is always open. A group that was deleted stays, for its tickets' sake.
CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    name TEXT NOT NULL,
    department_id INTEGER,
    policy TEXT NOT NULL,
    self_assign INTEGER NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    timezone TEXT NOT NULL,
    hours TEXT,
    closed_message TEXT,
    busy_message TEXT,
    active INTEGER NOT NULL DEFAULT 1,
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX groups_company ON groups (company_id, id);

-- Days on which other hours hold; without a group they are the whole company's. hours is JSON: spans, none if it is closed.
CREATE TABLE holidays (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL,
    group_id INTEGER,
    -- YYYY-MM-DD.
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    hours TEXT NOT NULL
) STRICT;
CREATE INDEX holidays_company ON holidays (company_id, day);

CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (group_id, user_id)
) STRICT;
CREATE INDEX group_members_user ON group_members (user_id);

-- canalgrupo: which groups serve a channel, and in which order.
CREATE TABLE channel_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    group_id INTEGER NOT NULL REFERENCES groups (id),
    uses_bot INTEGER NOT NULL,
    position INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX channel_groups_pair ON channel_groups (channel_id, group_id);
CREATE INDEX channel_groups_group ON channel_groups (group_id);

ALTER TABLE channels ADD COLUMN uses_bot INTEGER NOT NULL DEFAULT 0;

-- waiting_since stays as it was. group_id: whose queue it is in. agent_id: who owns it. bot_id: the subscription that has it, until
-- bot_until. previous_agent_id: who is preferred. excluded_agent_id: who is not to get it in
-- this wait. answered_at: our side's first answer since it was opened or reopened.
-- closed_by: who closed it. closed_told: the closed message was sent. busy_told: the waiting_since for
-- which the busy message was sent.
ALTER TABLE tickets ADD COLUMN group_id INTEGER;
ALTER TABLE tickets ADD COLUMN agent_id INTEGER;
ALTER TABLE tickets ADD COLUMN previous_agent_id INTEGER;
ALTER TABLE tickets ADD COLUMN excluded_agent_id INTEGER;
ALTER TABLE tickets ADD COLUMN assigned_at INTEGER;
ALTER TABLE tickets ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN bot_id INTEGER;
ALTER TABLE tickets ADD COLUMN bot_until INTEGER;
ALTER TABLE tickets ADD COLUMN answered_at INTEGER;
ALTER TABLE tickets ADD COLUMN closed_by INTEGER;
ALTER TABLE tickets ADD COLUMN closed_told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN busy_told INTEGER;
-- The queues: highest priority, then longest waiting.
CREATE INDEX tickets_queue ON tickets (group_id, priority DESC, waiting_since, id)
    WHERE state = 'open' AND agent_id IS NULL AND bot_id IS NULL;
-- What each agent has in hand.
CREATE INDEX tickets_agent ON tickets (agent_id) WHERE state = 'inProgress';
CREATE INDEX tickets_closed_by ON tickets (closed_by, closed_at) WHERE state = 'closed';
CREATE INDEX tickets_bot ON tickets (bot_until) WHERE bot_id IS NOT NULL;
CREATE INDEX tickets_waiting ON tickets (company_id, waiting_since, id) WHERE state = 'open' AND agent_id IS NULL;
-- Lists and reports: newest first, page by page.
CREATE INDEX tickets_created ON tickets (company_id, created_at DESC, id DESC);
CREATE INDEX tickets_group ON tickets (group_id, created_at DESC, id DESC) WHERE group_id IS NOT NULL;
CREATE INDEX tickets_channel ON tickets (channel_id, created_at DESC, id DESC);

-- P10: every decision about a ticket. explanation is JSON (see domain/routing).
CREATE TABLE ticket_routings (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    outcome TEXT NOT NULL,
    group_id INTEGER,
    agent_id INTEGER,
    explanation TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_routings_ticket ON ticket_routings (ticket_id, id);

CREATE TABLE ticket_notes (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    user_id INTEGER,
    client_id INTEGER,
    text TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_notes_ticket ON ticket_notes (ticket_id, id);

-- Tickets that belong together; a is the smaller id.
CREATE TABLE ticket_links (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    company_id INTEGER NOT NULL,
    user_id INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) STRICT;
CREATE INDEX ticket_links_b ON ticket_links (b);

-- What programs of today know a customer by: clie_id.
ALTER TABLE contacts ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE contacts SET number = rowid;
CREATE UNIQUE INDEX contacts_number ON contacts (number) WHERE number > 0;
CREATE TRIGGER contacts_numbered AFTER INSERT ON contacts BEGIN
    UPDATE contacts SET number = (SELECT coalesce(max(number), 0) + 1 FROM contacts WHERE number > 0) WHERE id = NEW.id;
END;
-- What agents know of a customer, beside what platforms say.
ALTER TABLE contacts ADD COLUMN given_name TEXT;
ALTER TABLE contacts ADD COLUMN family_name TEXT;
ALTER TABLE contacts ADD COLUMN family_name2 TEXT;
ALTER TABLE contacts ADD COLUMN phone TEXT;
ALTER TABLE contacts ADD COLUMN phone2 TEXT;
ALTER TABLE contacts ADD COLUMN gender TEXT;
ALTER TABLE contacts ADD COLUMN avatar TEXT;
ALTER TABLE contacts ADD COLUMN kind INTEGER;

-- Everything that changes a ticket, a queue or a presence, in the order of the commits: (tx, id) for whoever reads no further than
-- the oldest transaction that is still open. data is JSON.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tx INTEGER NOT NULL DEFAULT 0,
    company_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    ticket_id TEXT,
    group_id INTEGER,
    agent_id INTEGER,
    -- The realtime channel that it was sent to, if it is no event of ours.
    channel TEXT,
    data TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_company ON events (company_id, tx, id);
CREATE INDEX events_age ON events (at);
CREATE INDEX events_order ON events (tx, id);

-- What a browser shows, once and within a minute, to open a stream; only its hash is kept. credentials are sealed: those of
-- the call that asked for it, which are looked at again and again while the stream lasts.
CREATE TABLE stream_tickets (
    token_hash TEXT PRIMARY KEY,
    credentials TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- Bots, CRMs and other systems that events are relayed to. kind: 'bot' or 'relay'. secret is sealed. events is a JSON list of kinds,
-- empty for all. failing_since: since when nothing gets through.
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    timeout_ms INTEGER NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    failing_since INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    last_error_at INTEGER,
    last_success_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX subscriptions_company ON subscriptions (company_id, id);

-- Preguntas frecuentes: what agents answer often. departments is a JSON list of ids, empty for all.
CREATE TABLE faqs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    question TEXT,
    answer TEXT NOT NULL,
    departments TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX faqs_company ON faqs (company_id, id);

-- Preguntas alternativas: other ways to ask the same.
CREATE TABLE faq_alternatives (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    faq_id INTEGER NOT NULL REFERENCES faqs (id),
    question TEXT NOT NULL
) STRICT;
CREATE INDEX faq_alternatives_faq ON faq_alternatives (faq_id, id);

-- Respuestas rápidas; without a group they are the whole company's.
CREATE TABLE quick_replies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    group_id INTEGER,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX quick_replies_company ON quick_replies (company_id, id);

-- Publicaciones: posts that comments are about, as agents note them.
CREATE TABLE publications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    channel_id INTEGER NOT NULL,
    ref TEXT NOT NULL,
    text TEXT,
    url TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX publications_ref ON publications (channel_id, ref);
CREATE INDEX publications_company ON publications (company_id, id);

-- Which person made a call.
ALTER TABLE audit ADD COLUMN user_id INTEGER;
