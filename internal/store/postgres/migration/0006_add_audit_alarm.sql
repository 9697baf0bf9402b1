-- +goose Up
--
-- What was found to be wrong with an audit log, until an operator has seen to it. A row
-- without damage closes the alarm of the row before it. Rows are only ever added.

CREATE TABLE audit_alarm (
    app_id text   COLLATE "C" NOT NULL,
    seq    bigint NOT NULL, -- from 0, without gaps
    at     bigint NOT NULL,
    damage text   NOT NULL, -- names entries by number only
    size   bigint NOT NULL, -- the greatest tree that was seen before the damage
    root   bytea  NOT NULL,
    actor  text   NOT NULL, -- who closed it
    reason bytea  NOT NULL, -- why, sealed
    PRIMARY KEY (app_id, seq)
);

ALTER TABLE audit_alarm ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON audit_alarm
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

-- What serving needs and nothing more: an alarm can be neither changed nor removed.
GRANT SELECT, INSERT ON audit_alarm TO custodex_runtime;
