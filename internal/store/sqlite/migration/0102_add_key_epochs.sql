-- +goose Up
--
-- Keys belong to epochs. An epoch's key, wrapped by the provider, wraps the root and the wrap key
-- of every application; a wrap key wraps its customers' keys. What was wrapped before there were
-- epochs stays readable.

CREATE TABLE key_epoch (
    epoch            INTEGER NOT NULL CHECK (epoch > 0),
    provider         TEXT    NOT NULL, -- names the key that wrapped this one, and its version
    provider_version TEXT    NOT NULL,
    wrapped_key      BLOB    NOT NULL,
    state            INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    destroy_after    INTEGER NOT NULL, -- 0: no time was set
    PRIMARY KEY (epoch)
) STRICT;

CREATE TABLE app_wrap_key (
    app_id      TEXT    NOT NULL REFERENCES application (app_id),
    epoch       INTEGER NOT NULL,
    wrapped_key BLOB    NOT NULL,
    PRIMARY KEY (app_id, epoch)
) STRICT, WITHOUT ROWID;
