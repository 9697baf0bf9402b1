-- +goose Up
--
-- The keyed checksum of a customer over every column (internal/rowsum). It is absent in rows that
-- were written before, until they are changed.

ALTER TABLE customer ADD COLUMN sum bytea CHECK (length(sum) = 32);
