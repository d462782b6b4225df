#include "documents/presence.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/varint.h"
#include "json/object.h"

namespace concord::documents {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMaxStateBytes = 1u << 20u;  // the largest that AWARENESS_MAX_STATE_BYTES allows

std::string clients_of(DocumentId document) { return "presence/" + document.str() + "/"; }

Bytes begin() {
  Bytes out;
  write_varuint(out, kVersion);
  return out;
}

Result<> read_version(VarReader& reader) {
  TRY(const std::uint64_t version, reader.uint());
  if (version != kVersion) return fail(Code::kUnsupported, "another version wrote this");
  return {};
}

Result<std::int64_t> read_time(VarReader& reader) {
  TRY(const std::uint64_t ms, reader.uint());
  return static_cast<std::int64_t>(ms);
}

void write_time(Bytes& out, std::int64_t ms) {
  write_varuint(out, static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)));
}

Result<Presence::Client> decode_client(ByteView value) {
  VarReader reader(value);
  TRY_VOID(read_version(reader));
  Presence::Client client;
  TRY(client.principal, reader.var_string());
  TRY(client.state, reader.var_string());
  TRY(client.since_ms, read_time(reader));
  TRY(client.seen_ms, read_time(reader));
  return client;
}

Result<std::size_t> decode_sessions(ByteView value) {
  VarReader reader(value);
  TRY_VOID(read_version(reader));
  return reader.uint();
}

Result<std::vector<Presence::Visit>> parse_visits(ByteView value) {
  VarReader reader(value);
  TRY_VOID(read_version(reader));
  TRY(const std::uint64_t count, reader.uint());
  std::vector<Presence::Visit> visits;
  visits.reserve(std::min<std::size_t>(count, kMostVisits));
  for (std::uint64_t i = 0; i < count; ++i) {
    Presence::Visit visit;
    TRY(visit.principal, reader.var_string());
    TRY(visit.last_ms, read_time(reader));
    visits.push_back(std::move(visit));
  }
  return visits;
}

}  // namespace

namespace presence_keys {
std::string client(DocumentId document, std::uint64_t client) { return clients_of(document) + std::to_string(client); }
std::string sessions(DocumentId document) { return "sessions/" + document.str(); }
std::string seen(DocumentId document) { return "seen/" + document.str(); }
}  // namespace presence_keys

Bytes encode_client(const Presence::Client& client) {
  Bytes out = begin();
  write_var_string(out, client.principal);
  write_var_string(out, client.state);
  write_time(out, client.since_ms);
  write_time(out, client.seen_ms);
  return out;
}

Bytes encode_sessions(std::size_t count) {
  Bytes out = begin();
  write_varuint(out, count);
  return out;
}

Bytes encode_visits(const std::vector<Presence::Visit>& visits) {
  Bytes out = begin();
  write_varuint(out, visits.size());
  for (const Presence::Visit& visit : visits) {
    write_var_string(out, visit.principal);
    write_time(out, visit.last_ms);
  }
  return out;
}

std::vector<Presence::Visit> decode_visits(ByteView value) {
  auto visits = parse_visits(value);
  return visits ? std::move(*visits) : std::vector<Presence::Visit>();
}

std::vector<Presence::Visit> merge_visits(std::vector<Presence::Visit> visits, std::int64_t since_ms) {
  std::ranges::sort(visits, [](const auto& a, const auto& b) {
    return std::pair(-a.last_ms, std::string_view(a.principal)) < std::pair(-b.last_ms, std::string_view(b.principal));
  });
  std::set<std::string> named;
  std::vector<Presence::Visit> merged;
  merged.reserve(std::min(visits.size(), kMostVisits));
  for (Presence::Visit& visit : visits) {
    if (visit.last_ms <= since_ms || merged.size() == kMostVisits) break;
    if (named.insert(visit.principal).second) merged.push_back(std::move(visit));
  }
  return merged;
}

Task<Presence> read_presence(engines::Bus& bus, DocumentId document, std::size_t max_clients,
                             std::int64_t visits_since_ms) {
  Presence out;
  const std::string prefix = clients_of(document);
  CO_TRY(const auto clients, co_await bus.list(prefix, max_clients));
  out.clients.reserve(clients.size());
  for (const engines::Bus::Pair& pair : clients) {
    auto client = decode_client(pair.value);
    if (!client) continue;
    const std::string_view id = std::string_view(pair.key).substr(prefix.size());
    if (std::from_chars(id.data(), id.data() + id.size(), client->id).ec != std::errc()) continue;
    out.clients.push_back(std::move(*client));
  }
  std::ranges::sort(out.clients, {}, &Presence::Client::id);
  CO_TRY(const auto sessions, co_await bus.get(presence_keys::sessions(document)));
  if (sessions) out.sessions = decode_sessions(*sessions).value_or(0);
  CO_TRY(const auto seen, co_await bus.get(presence_keys::seen(document)));
  if (seen) out.seen = merge_visits(decode_visits(*seen), visits_since_ms);
  co_return out;
}

bool is_typing(std::string_view state) {
  const auto fields = json::Object::parse(state, {.max_bytes = kMaxStateBytes});
  if (!fields) return false;
  const auto typing = fields->optional_boolean("typing");
  return typing && typing->value_or(false);
}

}  // namespace concord::documents
