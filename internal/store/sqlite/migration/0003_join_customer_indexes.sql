-- +goose Up
--
-- One index by customer instead of two. Random ids make each index of them cost a
-- page of its own for every customer that is added. This one finds a customer of an
-- application as well as the one of before, and its first column alone answers the
-- one question that crosses applications.

DROP INDEX customer_elsewhere;
DROP INDEX customer_id;
CREATE UNIQUE INDEX customer_id ON customer (customer_id, app_id);
