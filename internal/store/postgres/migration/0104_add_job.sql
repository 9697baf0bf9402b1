-- +goose Up
--
-- Long work on one application, done in steps by one replica at a time. The cursor moves in
-- the transaction of the step, so what a killed replica has done is not done again.

CREATE TABLE job (
    app_id      text   COLLATE "C" NOT NULL,
    job_id      text   COLLATE "C" NOT NULL,
    kind        text   NOT NULL,
    state       text   NOT NULL,
    actor       text   NOT NULL, -- who started it
    sealed      bytea  NOT NULL, -- its parameters and why it was started
    cursor      bytea  NOT NULL, -- where the next step begins; no personal data
    done        bigint NOT NULL,
    total       bigint NOT NULL, -- 0: not known
    error       text   NOT NULL, -- code of the last failure
    created_at  bigint NOT NULL,
    started_at  bigint NOT NULL,
    ended_at    bigint NOT NULL,
    holder      text   NOT NULL, -- the replica that has leased it last
    generation  bigint NOT NULL, -- how often it was leased
    lease_until bigint NOT NULL, -- by the clock of the database
    PRIMARY KEY (app_id, job_id)
) WITH (fillfactor = 50);

CREATE INDEX job_active ON job (app_id) WHERE state IN ('queued', 'running');

-- A question that crosses applications, with the rights of the owner, as
-- custodex_customer_elsewhere is one: which of them have a job that waits for a replica.
-- +goose StatementBegin
CREATE FUNCTION custodex_job_apps(integer) RETURNS SETOF text
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT DISTINCT app_id
        FROM job
        WHERE state IN ('queued', 'running')
        AND (state = 'queued' OR lease_until <= (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
        ORDER BY app_id
        LIMIT $1;
    END;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION custodex_job_apps(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION custodex_job_apps(integer) TO custodex_runtime;

ALTER TABLE job ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON job
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON job TO custodex_runtime;
