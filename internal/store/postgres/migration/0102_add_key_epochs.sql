-- +goose Up
--
-- Keys belong to epochs. An epoch's key, wrapped by the provider, wraps the root and the wrap key
-- of every application; a wrap key wraps its customers' keys. What was wrapped before there were
-- epochs stays readable.

-- Of the whole installation: a copy on every machine, if the tables are spread.
CREATE TABLE key_epoch (
    epoch            bigint   NOT NULL CHECK (epoch > 0),
    provider         text     NOT NULL, -- names the key that wrapped this one, and its version
    provider_version text     NOT NULL,
    wrapped_key      bytea    NOT NULL,
    state            smallint NOT NULL,
    created_at       bigint   NOT NULL,
    destroy_after    bigint   NOT NULL, -- 0: no time was set
    PRIMARY KEY (epoch)
);

CREATE TABLE app_wrap_key (
    app_id      text   COLLATE "C" NOT NULL,
    epoch       bigint NOT NULL,
    wrapped_key bytea  NOT NULL,
    PRIMARY KEY (app_id, epoch)
);

ALTER TABLE app_wrap_key ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON app_wrap_key
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

-- What serving needs and nothing more: no key of an epoch or an application is changed or removed.
GRANT SELECT, INSERT ON key_epoch, app_wrap_key TO custodex_runtime;
GRANT UPDATE (wrapped_key) ON application TO custodex_runtime;
