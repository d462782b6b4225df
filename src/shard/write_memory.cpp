#include "shard/write_memory.h"

namespace concord::shard {

std::string WriteMemory::key_of(const engines::LogRecord& record) {
  std::string key = record.stream;
  key += '\0';
  key += record.client;
  return key;
}

std::optional<engines::Position> WriteMemory::find(const engines::LogRecord& record) const {
  if (record.client.empty()) return std::nullopt;
  const auto found = newest_.find(key_of(record));
  if (found == newest_.end() || record.sequence > found->second.sequence) return std::nullopt;
  return found->second.position;
}

void WriteMemory::note(const engines::LogRecord& record, engines::Position position) {
  if (record.client.empty()) return;
  const auto [at, is_new] = newest_.insert_or_assign(key_of(record), Newest{record.sequence, position});
  if (!is_new) return;
  order_.push_back(at->first);
  if (order_.size() <= kMaxClients) return;
  newest_.erase(order_.front());
  order_.pop_front();
}

}  // namespace concord::shard
