-- 1: the customer's latest message asks that no machine answer it.
ALTER TABLE tickets ADD COLUMN no_auto_reply BIGINT NOT NULL DEFAULT 0;

-- When a customer was last told something by the house. recipient: the contact's id; without a contact, the conversation's.
CREATE TABLE notices (
    channel_id BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, recipient)
);
