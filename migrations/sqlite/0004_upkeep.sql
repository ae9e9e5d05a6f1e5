-- A deleted group gives its tickets away some at a time: to successor_id, if there is one. emptied: 0 until it has none.
ALTER TABLE groups ADD COLUMN successor_id INTEGER;
ALTER TABLE groups ADD COLUMN emptied INTEGER NOT NULL DEFAULT 1;

-- How each agent is now.
CREATE INDEX presence_history_open ON presence_history (user_id) WHERE until IS NULL;
