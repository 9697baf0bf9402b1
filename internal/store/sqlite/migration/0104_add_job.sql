-- +goose Up
--
-- Long work on one application, done in steps by one replica at a time. The cursor moves in
-- the transaction of the step, so what a killed replica has done is not done again.

CREATE TABLE job (
    app_id      TEXT    NOT NULL REFERENCES application (app_id),
    job_id      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    actor       TEXT    NOT NULL, -- who started it
    sealed      BLOB    NOT NULL, -- its parameters and why it was started
    cursor      BLOB    NOT NULL, -- where the next step begins; no personal data
    done        INTEGER NOT NULL,
    total       INTEGER NOT NULL, -- 0: not known
    error       TEXT    NOT NULL, -- code of the last failure
    created_at  INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    holder      TEXT    NOT NULL, -- the replica that has leased it last
    generation  INTEGER NOT NULL, -- how often it was leased
    lease_until INTEGER NOT NULL, -- by the clock of the database
    PRIMARY KEY (app_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_active ON job (app_id) WHERE state IN ('queued', 'running');
