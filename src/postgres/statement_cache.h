#pragma once
// The names of a connection's prepared statements; the least recently used one goes where there are too many.

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace concord::postgres {

class StatementCache {
 public:
  explicit StatementCache(std::size_t most) : most_(most) {}

  struct Found {
    std::string name;
    bool fresh = false;                  // it is to be prepared under this name
    std::optional<std::string> dropped;  // whose place it took
  };
  Found find(const std::string& key);
  /// It turned out not to be prepared.
  void forget(const std::string& name);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::string name;
  };

  std::size_t most_;
  std::uint64_t next_ = 1;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

}  // namespace concord::postgres
