-- Whose a ticket is: its owner's, or of whom closed it while nobody had it. Lists of an agent's tickets go by it.
CREATE INDEX tickets_whose ON tickets (coalesce(agent_id, closed_by), created_at DESC, id DESC)
    WHERE coalesce(agent_id, closed_by) IS NOT NULL;
CREATE INDEX tickets_whose_closed ON tickets (coalesce(agent_id, closed_by), closed_at DESC, id DESC) WHERE state = 'closed';
DROP INDEX tickets_closed_by;
