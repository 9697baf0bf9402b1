-- +goose Up
--
-- The keyed checksum of an item and of a group over every column (internal/rowsum). It is absent in
-- rows that were written before, and so is that of a customer. An application is marked as summed once
-- all of its rows have one: from then on a missing one is damage.

ALTER TABLE customer_item ADD COLUMN sum bytea CHECK (length(sum) = 32);
ALTER TABLE customer_group ADD COLUMN sum bytea CHECK (length(sum) = 32);
ALTER TABLE application ADD COLUMN summed boolean NOT NULL DEFAULT false;

GRANT UPDATE (sum) ON customer_item TO custodex_runtime;
GRANT UPDATE (summed) ON application TO custodex_runtime;
GRANT UPDATE (wrapped_key) ON customer_key TO custodex_runtime;
