#include "documents/awareness.h"

#include <fmt/format.h>

#include "base/varint.h"

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
    entries.push_back(entry);
  }
  if (!reader.at_end()) return fail(Code::kInvalidArgument, "awareness: bytes after the last entry");
  return entries;
}

}  // namespace

Result<Bytes> Awareness::apply(ByteView update, std::uint64_t session) {
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
      clients_[entry.client] = Client{entry.clock, session, std::string(entry.state)};
    } else {
      // Providers pass on what they hear from others: an old clock is an echo. The same clock with null is a time-out
      // seen by somebody; only the session that speaks for the client may say so.
      const bool newer = entry.clock > known->second.clock;
      const bool own_goodbye = gone && entry.clock == known->second.clock && session == known->second.session;
      if (!newer && !own_goodbye) continue;
      if (gone) {
        clients_.erase(known);
      } else {
        known->second = Client{entry.clock, session, std::string(entry.state)};
      }
    }
    write_entry(news, entry.client, entry.clock, entry.state);
    ++count;
  }
  return with_count(count, news);
}

Bytes Awareness::remove_session(std::uint64_t session) {
  Bytes gone;
  std::size_t count = 0;
  for (auto at = clients_.begin(); at != clients_.end();) {
    if (at->second.session != session) {
      ++at;
      continue;
    }
    write_entry(gone, at->first, at->second.clock, kGone);
    ++count;
    at = clients_.erase(at);
  }
  return with_count(count, gone);
}

Bytes Awareness::encode() const {
  Bytes all;
  for (const auto& [client, entry] : clients_) write_entry(all, client, entry.clock, entry.state);
  return with_count(clients_.size(), all);
}

}  // namespace concord::documents
