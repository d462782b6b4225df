#!/usr/bin/env bash
# Copies the primary where there is nothing yet, and streams from it. Whether it is promoted is a person's or Patroni's decision.
set -euo pipefail
data=/var/lib/postgresql/data
if [[ ! -s $data/PG_VERSION ]]; then
  until pg_basebackup -D "$data" -R -X stream -S standby -c fast \
    -d "host=postgres-1 user=standby application_name=postgres-2 password=$PGPASSWORD"; do
    find "$data" -mindepth 1 -delete
    sleep 2
  done
  chmod 0700 "$data"
fi
exec postgres -D "$data" -c listen_addresses='*' -c max_connections=200
