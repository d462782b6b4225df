#!/usr/bin/env python3
"""Makes the dashboards beside it. What they show is in BOARDS: a row a title, a panel a title, a unit and its queries."""
import json
import pathlib

ONE = '{job="concord", instance=~"$instance"}'


def rate(metric, by="instance", more=""):
    labels = ONE if not more else ONE[:-1] + f", {more}}}"
    return f"sum by ({by}) (rate({metric}{labels}[$__rate_interval]))"


def gauge(metric, by="instance", how="sum"):
    return f"{how} by ({by}) ({metric}{ONE})"


def quantile(metric, q, by=""):
    return f"histogram_quantile({q}, sum by (le{', ' + by if by else ''}) (rate({metric}_bucket{ONE}[$__rate_interval])))"


def times(title, metric):
    return (title, "s", [(quantile(metric, q), name) for q, name in ((0.5, "half"), (0.99, "99 of 100"), (0.999, "999 of 1000"))])


BOARDS = {
    "cluster": ("Concord: cluster", {
        "Nodes": [
            ("Nodes that answer", "none", [('sum(up{job="concord"})', "nodes")]),
            ("Node answers", "none", [('up{job="concord", instance=~"$instance"}', "{{instance}}")]),
            ("Live sessions by node", "none", [(gauge("concord_documents_sessions"), "{{instance}}")]),
            ("Open connections by node", "none", [(gauge("concord_net_http_connections"), "{{instance}} HTTP"),
                                                  (gauge("concord_net_websockets"), "{{instance}} WebSocket")]),
        ],
        "Between nodes": [
            ("Shards by node", "none", [(gauge("concord_shard_serving"), "{{instance}}")]),
            ("Shards that are served", "none", [("sum(max by (shard) (concord_shard_serving" + ONE + "))", "shards")]),
            ("Requests for other nodes", "reqps", [(rate("concord_relay_requests_sent_total"), "{{instance}} sent"),
                                                   (rate("concord_relay_requests_sent_again_total"), "{{instance}} sent again"),
                                                   (rate("concord_relay_requests_served_total"), "{{instance}} served")]),
            ("Messages to other nodes", "ops", [(rate("concord_link_messages_sent_total"), "{{instance}}")]),
            ("Bytes to other nodes", "Bps", [(rate("concord_link_sent_bytes_total"), "{{instance}}")]),
            times("Round trip between nodes", "concord_link_round_trip_seconds"),
            ("Connections that broke", "ops", [(rate("concord_link_breaks_total"), "{{instance}}"),
                                               (rate("concord_link_failed_attempts_total"), "{{instance}} came to nothing")]),
            ("Streams", "none", [(gauge("concord_link_streams"), "{{instance}}")]),
        ],
        "Engines": [
            ("PostgreSQL away", "none", [(gauge("concord_postgres_away", "instance, use", "max"), "{{instance}} {{use}}")]),
            ("PostgreSQL connections", "none", [(gauge("concord_postgres_connections", "use"), "{{use}} open"),
                                                (gauge("concord_postgres_connections_idle", "use"), "{{use}} idle"),
                                                (gauge("concord_postgres_waiting", "use"), "{{use}} callers who wait")]),
            ("etcd", "none", [(gauge("concord_etcd_breaker_open", "instance", "max"), "{{instance}} away"),
                              (gauge("concord_etcd_calls_in_flight"), "{{instance}} calls in flight")]),
            times("etcd calls", "concord_etcd_call_seconds"),
            ("Redis breaker (2: away)", "none", [(gauge("concord_redis_breaker_state", "instance", "max"), "{{instance}}")]),
            times("Redis calls", "concord_redis_call_seconds"),
            ("S3", "none", [(gauge("concord_s3_breaker_open", "instance", "max"), "{{instance}} away"),
                            (gauge("concord_s3_in_flight"), "{{instance}} calls in flight"),
                            (gauge("concord_s3_waiting"), "{{instance}} calls that wait")]),
            times("S3 calls", "concord_s3_call_seconds"),
        ],
    }),
    "shards": ("Concord: shards", {
        "The log": [
            ("Records made durable", "ops", [(rate("concord_shard_records_total"), "{{instance}}")]),
            times("Append, from batch to durable", "concord_shard_append_seconds"),
            ("Records in one append", "none", [(quantile("concord_shard_batch_records", 0.5), "half"),
                                               (quantile("concord_shard_batch_records", 0.99), "99 of 100")]),
            ("Waits for the log", "bytes", [(gauge("concord_shard_queued_bytes"), "{{instance}}")]),
            ("Appends that failed", "ops", [(rate("concord_shard_append_failures_total"), "{{instance}}")]),
            ("Written to segment files", "Bps", [(rate("concord_log_written_bytes_total"), "{{instance}}")]),
        ],
        "Snapshots and starts": [
            ("Age of what no snapshot has", "s", [(gauge("concord_documents_snapshot_age_seconds", "shard", "max"), "shard {{shard}}")]),
            ("Snapshots", "ops", [(rate("concord_documents_snapshots_total"), "{{instance}} written"),
                                  (rate("concord_documents_snapshot_failures_total"), "{{instance}} failed")]),
            times("Replay at a start", "concord_shard_replay_seconds"),
            ("Records replayed", "none", [(gauge("concord_shard_replayed_records_total"), "{{instance}}")]),
        ],
    }),
    "users": ("Concord: users", {
        "Here now": [
            ("Live sessions", "none", [(gauge("concord_documents_sessions", "job"), "sessions"),
                                       (gauge("concord_socketio_sessions", "job"), "Socket.IO sessions")]),
            ("Documents in memory", "none", [(gauge("concord_documents_open"), "{{instance}}")]),
            ("Updates", "ops", [(rate("concord_documents_updates_total", "job"), "acknowledged"),
                                (rate("concord_documents_refused_updates_total", "job"), "refused")]),
            ("Frames to sessions", "ops", [(rate("concord_documents_deliveries_total"), "{{instance}}")]),
        ],
        "Accounts": [
            ("Sign-ins", "ops", [(rate("concord_identity_sign_ins_total", "result"), "{{result}}")]),
            ("Registrations", "ops", [(rate("concord_identity_registrations_total", "result"), "{{result}}")]),
            ("Refreshed sessions", "ops", [(rate("concord_identity_refreshes_total", "result"), "{{result}}")]),
            ("Passwords that wait to be hashed", "none", [(gauge("concord_identity_password_hashes_pending"), "{{instance}}")]),
            ("Threats seen", "ops", [(rate("concord_guard_threats_total", "kind"), "{{kind}}")]),
            ("Locks that hold", "none", [(gauge("concord_guard_locks"), "{{instance}}")]),
        ],
    }),
    "performance": ("Concord: performance", {
        "Edits": [
            times("From arrival to acknowledgement", "concord_documents_acknowledge_seconds"),
            times("Opening a cold document", "concord_documents_load_seconds"),
            ("Sessions being opened", "none", [(gauge("concord_documents_sessions_opening"), "{{instance}} opening"),
                                               (gauge("concord_documents_sessions_waiting"), "{{instance}} waiting")]),
        ],
        "Requests": [
            ("Requests", "reqps", [(rate("concord_net_requests_total", "status"), "{{status}}")]),
            times("Requests", "concord_net_request_seconds"),
            ("Busiest routes", "reqps", [("topk(10, " + rate("concord_gateway_requests_total", "method, route") + ")", "{{method}} {{route}}")]),
            ("WebSockets", "Bps", [(rate("concord_net_websocket_sent_bytes_total", "job"), "sent"),
                                   (rate("concord_net_websocket_received_bytes_total", "job"), "received")]),
            ("System calls for a frame", "none", [(rate("concord_net_websocket_writes_total", "job") + " / " + rate("concord_net_websocket_frames_sent_total", "job"), "writes per frame")]),
        ],
        "Tables": [
            times("Statements", "concord_tables_query_seconds"),
            times("Transactions", "concord_tables_transaction_seconds"),
            times("Waiting for a connection to PostgreSQL", "concord_postgres_wait_seconds"),
            ("Done again, as not serializable", "ops", [(rate("concord_tables_repeated_total"), "{{instance}}")]),
        ],
    }),
    "errors": ("Concord: errors", {
        "Answers": [
            ("Share of requests answered 5xx", "percentunit", [
                (f'sum(rate(concord_net_requests_total{ONE[:-1]}, status="5xx"}}[$__rate_interval])) / '
                 f'sum(rate(concord_net_requests_total{ONE}[$__rate_interval]))', "5xx")]),
            ("Routes that answer 5xx", "reqps", [(rate("concord_gateway_requests_total", "method, route", 'status="5xx"') + " > 0", "{{method}} {{route}}")]),
            ("Refused as too many", "ops", [(rate("concord_guard_rate_limited_total", "policy"), "{{policy}}"),
                                            (rate("concord_guard_connections_refused_total", "limit"), "connections: {{limit}}")]),
            ("WebSockets ended", "ops", [(rate("concord_net_websocket_slow_consumers_total"), "{{instance}} too slow"),
                                         (rate("concord_net_websocket_violations_total"), "{{instance}} broke the protocol")]),
            ("Socket.IO connections ended", "ops", [(rate("concord_socketio_ended_total", "reason"), "{{reason}}")]),
        ],
        "Engines": [
            ("Log", "ops", [(rate("concord_shard_append_failures_total"), "{{instance}} appends"),
                            (rate("concord_log_refused_total"), "{{instance}} refused, queue full")]),
            ("PostgreSQL", "ops", [(rate("concord_postgres_connect_failures_total", "use"), "{{use}} connects failed"),
                                   (rate("concord_postgres_timed_out_total", "use"), "{{use}} timed out"),
                                   (rate("concord_postgres_refused_total", "use"), "{{use}} got no connection")]),
            ("etcd", "ops", [(rate("concord_etcd_failed_attempts_total"), "{{instance}} attempts failed"),
                             (rate("concord_etcd_moves_total"), "{{instance}} went to another member")]),
            ("Redis", "ops", [(rate("concord_redis_failures_total"), "{{instance}} calls failed"),
                              (rate("concord_redis_reconnects_total"), "{{instance}} connections lost"),
                              (rate("concord_bus_lost_total"), "{{instance}} messages lost")]),
            ("S3", "ops", [(rate("concord_s3_calls_total", "operation", 'outcome="failed"'), "{{operation}} failed"),
                           (rate("concord_s3_retries_total"), "{{instance}} attempts again")]),
            ("Lost audit events", "none", [(gauge("concord_audit_lost_total"), "{{instance}}")]),
        ],
    }),
}

SOURCE = {"type": "prometheus", "uid": "${source}"}


def variable(name, **more):
    return {"name": name, "hide": 0, "refresh": 2, **more}


def panel(number, column, row, title, unit, queries):
    return {
        "id": number, "type": "timeseries", "title": title, "datasource": SOURCE,
        "gridPos": {"x": column * 8, "y": row, "w": 8, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {"fillOpacity": 8, "showPoints": "never"}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                    for i, (expr, legend) in enumerate(queries)],
    }


def board(uid, title, rows):
    panels, number, y = [], 1, 0
    for name, row in rows.items():
        panels.append({"id": number, "type": "row", "title": name, "collapsed": False, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []})
        number, y = number + 1, y + 1
        for i, one in enumerate(row):
            panels.append(panel(number, i % 3, y + i // 3 * 8, *one))
            number += 1
        y += (len(row) + 2) // 3 * 8
    return {
        "uid": f"concord-{uid}", "title": title, "tags": ["concord"], "schemaVersion": 39, "editable": True, "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"}, "timezone": "browser", "annotations": {"list": []},
        "templating": {"list": [
            variable("source", type="datasource", query="prometheus", label="Source"),
            variable("instance", type="query", datasource=SOURCE, label="Node", multi=True, includeAll=True,
                     query={"query": 'label_values(up{job="concord"}, instance)', "refId": "nodes"}),
        ]},
        "panels": panels,
    }


def texts():
    return {f"{name}.json": json.dumps(board(name, *spec), indent=1) + "\n" for name, spec in BOARDS.items()}


if __name__ == "__main__":
    for file, text in texts().items():
        (pathlib.Path(__file__).parent / file).write_text(text)
