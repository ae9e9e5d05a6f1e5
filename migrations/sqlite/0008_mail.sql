-- 1: the customer's latest message asks that no machine answer it.
ALTER TABLE tickets ADD COLUMN no_auto_reply INTEGER NOT NULL DEFAULT 0;

-- When a customer was last told something by the house. recipient: the contact's id; without a contact, the conversation's.
CREATE TABLE notices (
    channel_id INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, recipient)
) STRICT, WITHOUT ROWID;
