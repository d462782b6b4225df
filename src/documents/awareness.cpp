#include "documents/awareness.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/varint.h"
#include "json/object.h"

namespace concord::documents {

namespace {

constexpr std::string_view kGone = "null";

struct Entry {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
  std::string_view state;
};

void write_entry(Bytes& out, std::uint64_t client, std::uint64_t clock, std::string_view state) {
  write_varuint(out, client);
  write_varuint(out, clock);
  write_var_string(out, state);
}

Bytes with_count(std::size_t count, const Bytes& entries) {
  Bytes out;
  if (count == 0) return out;
  write_varuint(out, count);
  append(out, entries);
  return out;
}

Result<std::vector<Entry>> parse(ByteView update, const AwarenessLimits& limits) {
  VarReader reader(update);
  TRY(const std::uint64_t count, reader.uint());
  if (count > limits.max_entries) {
    return fail(Error{Code::kTooLarge,
                      fmt::format("awareness: {} entries, at most {} are taken", count, limits.max_entries),
                      {{"field", "entries"}, {"limit", std::to_string(limits.max_entries)}}});
  }
  std::vector<Entry> entries;
  entries.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Entry entry;
    TRY(entry.client, reader.uint());
    TRY(entry.clock, reader.uint());
    TRY(entry.state, reader.var_string());
    if (entry.state.size() > limits.max_state_bytes) {
      return fail(Error{Code::kTooLarge,
                        fmt::format("awareness: a state of {} bytes, at most {} are taken", entry.state.size(),
                                    limits.max_state_bytes),
                        {{"field", "state"}, {"limit", std::to_string(limits.max_state_bytes)}}});
    }
    // Providers parse what they are sent without a net: what is no object would break everybody else's.
    if (entry.state != kGone && !json::Object::parse(entry.state, {.max_bytes = limits.max_state_bytes}))
      return fail(Code::kInvalidArgument, "awareness: a state that is no JSON object");
    entries.push_back(entry);
  }
  if (!reader.at_end()) return fail(Code::kInvalidArgument, "awareness: bytes after the last entry");
  return entries;
}

}  // namespace

Result<Bytes> Awareness::apply(ByteView update, std::uint64_t session, std::int64_t now_ns) {
  TRY(const std::vector<Entry> entries, parse(update, limits_));
  Bytes news;
  std::size_t count = 0;
  for (const Entry& entry : entries) {
    auto known = clients_.find(entry.client);
    const bool gone = entry.state == kGone;
    if (known == clients_.end()) {
      if (gone) continue;
      if (clients_.size() >= limits_.max_clients) {
        return fail(Error{Code::kTooLarge,
                          "awareness: too many clients on this document",
                          {{"limit", std::to_string(limits_.max_clients)}}});
      }
      renew(*clients_.try_emplace(entry.client).first, {.clock = entry.clock,
                                                        .session = session,
                                                        .state = std::string(entry.state),
                                                        .since_ns = now_ns,
                                                        .renewed_ns = now_ns});
    } else {
      // Providers pass on what they hear from others: an old clock is an echo. The same clock with null is a time-out
      // seen by somebody; only the session that speaks for the client may say so.
      const bool newer = entry.clock > known->second.clock;
      const bool own_goodbye = gone && entry.clock == known->second.clock && session == known->second.session;
      if (!newer && !own_goodbye) continue;
      if (gone) {
        forget(known);
      } else {
        renew(*known, {.clock = entry.clock,
                       .session = session,
                       .state = std::string(entry.state),
                       .since_ns = known->second.since_ns,
                       .renewed_ns = now_ns});
      }
    }
    write_entry(news, entry.client, entry.clock, entry.state);
    ++count;
  }
  return with_count(count, news);
}

/// What is told of it: its state, and who its session is.
void Awareness::renew(Clients::value_type& known, Client now) {
  Client& client = known.second;
  now.says_new = client.says_new || client.state != now.state || client.session != now.session;
  now.taken_ns = client.taken_ns;
  if (!client.listed) changed_.insert(known.first);
  now.listed = true;
  client = std::move(now);
}

Awareness::Clients::iterator Awareness::forget(Clients::iterator client) {
  if (client->second.listed) changed_.erase(client->first);
  if (client->second.taken_ns != 0) gone_.insert(client->first);
  return clients_.erase(client);
}

template <class Which>
Bytes Awareness::remove(Which which) {
  Bytes gone;
  std::size_t count = 0;
  for (auto at = clients_.begin(); at != clients_.end();) {
    if (!which(at->second)) {
      ++at;
      continue;
    }
    write_entry(gone, at->first, at->second.clock, kGone);
    ++count;
    at = forget(at);
  }
  return with_count(count, gone);
}

Bytes Awareness::remove_session(std::uint64_t session) {
  return remove([session](const Client& client) { return client.session == session; });
}

Bytes Awareness::expire(std::int64_t now_ns) {
  const std::int64_t oldest_ns = now_ns - limits_.timeout_ms * 1'000'000;
  return remove([oldest_ns](const Client& client) { return client.renewed_ns < oldest_ns; });
}

std::vector<Awareness::Present> Awareness::present() const {
  std::vector<Present> out;
  out.reserve(clients_.size());
  for (const auto& [id, client] : clients_)
    out.push_back({id, client.session, client.state, client.since_ns, client.renewed_ns});
  return out;
}

Awareness::Changes Awareness::take_changes(std::int64_t now_ns, Pace pace) {
  Changes out;
  out.gone.assign(gone_.begin(), gone_.end());
  gone_.clear();
  std::erase_if(changed_, [&](std::uint64_t id) {
    Client& client = clients_.at(id);
    const std::int64_t wait_ns = client.says_new ? pace.changed_ns : pace.renewed_ns;
    if (client.taken_ns != 0 && now_ns - client.taken_ns < wait_ns) return false;
    out.changed.push_back({id, client.session, client.state, client.since_ns, client.renewed_ns});
    client.taken_ns = std::max<std::int64_t>(now_ns, 1);
    client.says_new = false;
    client.listed = false;
    return true;
  });
  return out;
}

std::uint64_t Awareness::session_of(std::uint64_t client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() || found->second.state == kGone ? 0 : found->second.session;
}

Bytes Awareness::encode() const {
  Bytes all;
  for (const auto& [client, entry] : clients_) write_entry(all, client, entry.clock, entry.state);
  return with_count(clients_.size(), all);
}

}  // namespace concord::documents
