-- Once, on the primary: psql -h db1 -U postgres -v password=… -f make-database.sql
SET synchronous_commit = local;
CREATE ROLE concord LOGIN PASSWORD :'password';
GRANT pg_monitor TO concord;
CREATE DATABASE concord OWNER concord TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
