#!/usr/bin/env bash
# Runs once, when the primary's directory is made. Waiting for a standby begins with the next start: there is none yet.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U concord -d concord -v password="$REPLICATION_PASSWORD" <<'SQL'
CREATE ROLE standby LOGIN REPLICATION PASSWORD :'password';
SELECT pg_create_physical_replication_slot('standby');
ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)';
SQL
echo 'host replication standby all scram-sha-256' >>"$PGDATA/pg_hba.conf"
