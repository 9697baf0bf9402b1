-- +goose Up
--
-- An application can be renamed and removed. A removed one keeps its row, its key and its audit
-- log, and takes no new customer, group or credential: its head says so, which every writer holds.

ALTER TABLE application ADD COLUMN removed_at bigint NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN removed boolean NOT NULL DEFAULT false;

-- Every replica lists the applications; a transaction changes none but its own.
ALTER TABLE application ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_application ON application FOR SELECT USING (true);
CREATE POLICY own_application_made ON application FOR INSERT
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application_changed ON application FOR UPDATE
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

GRANT UPDATE (name, removed_at) ON application TO custodex_runtime;
