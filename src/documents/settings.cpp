#include "documents/documents.h"

namespace concord::documents {

namespace {

const std::vector<Setting>& table() {
  static const std::vector<Setting> rows{
      {"DOCUMENT_MAX_BYTES", SettingType::kInteger, "5242880", 1024, 256LL << 20, "Largest document, as JSON."},
      {"DOCUMENT_MAX_ENCODED_BYTES", SettingType::kInteger, "0", 0, 1LL << 30,
       "Largest encoded state of a document, with the marks of what was deleted; 0: four times DOCUMENT_MAX_BYTES."},
      {"SNAPSHOT_AFTER_BYTES", SettingType::kInteger, "262144", 1024, 1LL << 30,
       "Memory of the updates since a document's newest snapshot after which it gets a new one."},
      {"SNAPSHOT_AFTER_SECONDS", SettingType::kInteger, "300", 1, 86'400,
       "Age of the oldest update that no snapshot has, after which its document gets one."},
      {"DOCUMENT_IDLE_MS", SettingType::kInteger, "30000", 100, 3'600'000,
       "How long a document nobody uses stays in memory before it is snapshotted and let go."},
      {"VERSION_CACHE_BYTES", SettingType::kInteger, "67108864", 0, 8LL << 30,
       "Memory for versions that REST callers have read and may still write against."},
      {"SESSION_SIGN_IN_MS", SettingType::kInteger, "10000", 100, 600'000,
       "Time from an opened live session to its valid token."},
      {"SESSION_MESSAGES_PER_SECOND", SettingType::kInteger, "1000", 1, 1'000'000,
       "Messages that one live session may send; four seconds' worth may come at once."},
      {"LIVE_SESSIONS_PER_USER", SettingType::kInteger, "1000", 0, 100'000'000,
       "Live sessions that a user may have open with all their agents, or that may be open by one link; 0: any "
       "number."},
      {"SESSIONS_OPENING", SettingType::kInteger, "32", 1, 1'000'000,
       "Live sessions of one shard that are signed in, and whose documents are loaded, at once; others wait "
       "for their turn."},
      {"SESSIONS_OPENING_BYTES", SettingType::kInteger, "268435456", 65'536, 1LL << 40,
       "What clients may have sent altogether before their sessions are open; from then on who sends more than 4 KiB "
       "is "
       "told to come again."},
      {"SESSIONS_SYNC_BYTES", SettingType::kInteger, "268435456", 65'536, 1LL << 40,
       "First answers, with what their clients' documents lack, that may wait altogether for clients to take them; "
       "others are made in turn."},
      {"SESSION_UNSENT_BYTES", SettingType::kInteger, "1048576", 16'384, 1LL << 30,
       "Bytes that wait for a live session's client from which on it is told updates in one piece, when it has taken "
       "them; from a sixteenth on it is told no presence until then."},
      {"SESSION_SLOW_SECONDS", SettingType::kInteger, "30", 1, 3'600,
       "How long they may wait before the session is closed."},
      {"AWARENESS_MAX_CLIENTS", SettingType::kInteger, "20000", 1, 1'000'000, "Clients with presence on one document."},
      {"AWARENESS_MAX_STATE_BYTES", SettingType::kInteger, "8192", 64, 1 << 20,
       "Largest presence state of one client."},
      {"AWARENESS_TIMEOUT_MS", SettingType::kInteger, "30000", 1000, 3'600'000,
       "How long a client's presence stays without being renewed."},
      {"MENTION_MAIL_MINUTES", SettingType::kInteger, "10", 0, 10'080,
       "How long after a mail about a mention in a comment the same person gets no other about that document; 0: no "
       "such mails are sent."},
      {"LAST_SEEN_DAYS", SettingType::kInteger, "30", 0, 3'650,
       "How long it is known who was last at a document, and when; 0: it is not kept."},
  };
  return rows;
}

std::size_t size_of(const Config& config, std::string_view name) {
  return static_cast<std::size_t>(config.integer(name));
}

}  // namespace

std::span<const Setting> settings() { return table(); }

DocumentLimits limits_from(const Config& config) {
  DocumentLimits limits;
  limits.max_document_bytes = size_of(config, "DOCUMENT_MAX_BYTES");
  limits.max_encoded_bytes = size_of(config, "DOCUMENT_MAX_ENCODED_BYTES");
  limits.snapshot_after_bytes = size_of(config, "SNAPSHOT_AFTER_BYTES");
  limits.snapshot_after_ms = 1000 * config.integer("SNAPSHOT_AFTER_SECONDS");
  limits.idle_ms = config.integer("DOCUMENT_IDLE_MS");
  limits.version_cache_bytes = size_of(config, "VERSION_CACHE_BYTES");
  limits.sign_in_deadline_ms = config.integer("SESSION_SIGN_IN_MS");
  limits.messages_per_second = size_of(config, "SESSION_MESSAGES_PER_SECOND");
  limits.sessions_per_user = size_of(config, "LIVE_SESSIONS_PER_USER");
  limits.sessions_opening = size_of(config, "SESSIONS_OPENING");
  limits.max_opening_bytes = size_of(config, "SESSIONS_OPENING_BYTES");
  limits.max_unsent_sync_bytes = size_of(config, "SESSIONS_SYNC_BYTES");
  limits.max_unsent_bytes = size_of(config, "SESSION_UNSENT_BYTES");
  limits.slow_reader_ms = 1000 * config.integer("SESSION_SLOW_SECONDS");
  limits.awareness.max_clients = size_of(config, "AWARENESS_MAX_CLIENTS");
  limits.awareness.max_state_bytes = size_of(config, "AWARENESS_MAX_STATE_BYTES");
  limits.awareness.timeout_ms = config.integer("AWARENESS_TIMEOUT_MS");
  limits.mention_mail_ms = 60'000 * config.integer("MENTION_MAIL_MINUTES");
  limits.last_seen_ms = config.integer("LAST_SEEN_DAYS") * 24 * 3600 * 1000;
  return limits;
}

}  // namespace concord::documents
