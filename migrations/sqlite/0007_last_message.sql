-- The message that a ticket shows: by its time alone it is not known where platforms tell whole seconds.
ALTER TABLE tickets ADD COLUMN last_message_id TEXT;
UPDATE tickets SET last_message_id = (
    SELECT m.id FROM messages m
    WHERE m.ticket_id = tickets.id AND m.at = tickets.last_message_at AND m.origin <> 'automatic'
    ORDER BY m.id DESC LIMIT 1);
