-- +goose Up
--
-- A keyed checksum over every column of a credential and of an application, so that rows which
-- were altered or invented with SQL alone are refused. Rows of earlier releases have none until the
-- program has given them one, those of an application last: where it has one, an empty one is damage.

ALTER TABLE credential ADD COLUMN sum bytea CHECK (length(sum) = 32);
ALTER TABLE application ADD COLUMN sum bytea CHECK (length(sum) = 32);

GRANT UPDATE (sum) ON application TO custodex_runtime;
