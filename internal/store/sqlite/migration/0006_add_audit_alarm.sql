-- +goose Up
--
-- What was found to be wrong with an audit log, until an operator has seen to it. A row
-- without damage closes the alarm of the row before it. Rows are only ever added.

CREATE TABLE audit_alarm (
    app_id TEXT    NOT NULL REFERENCES application (app_id),
    seq    INTEGER NOT NULL, -- from 0, without gaps
    at     INTEGER NOT NULL,
    damage TEXT    NOT NULL, -- names entries by number only
    size   INTEGER NOT NULL, -- the greatest tree that was seen before the damage
    root   BLOB    NOT NULL,
    actor  TEXT    NOT NULL, -- who closed it
    reason BLOB    NOT NULL, -- why, sealed
    PRIMARY KEY (app_id, seq)
) STRICT, WITHOUT ROWID;
