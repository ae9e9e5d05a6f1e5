-- When a message was last hidden or shown: what comes late is over.
ALTER TABLE messages ADD COLUMN visibility_at INTEGER;
