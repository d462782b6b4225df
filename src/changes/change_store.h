#pragma once
// What nodes tell each other, in the tables. Each process ("origin") numbers what it tells from 1 on; its head says how
// far it has come, and beats while it lives. Rows are kept for minutes: who was away for longer forgets everything it
// remembers instead. Any reactor.

#include <cstdint>
#include <string>
#include <vector>

#include "engines/tables.h"

namespace concord::changes {

struct Change {
  std::string topic;
  std::string what;
};

struct NumberedChange {
  std::uint64_t number = 0;
  Change change;
};

/// How far an origin has come.
struct ChangeHead {
  std::string origin;
  std::uint64_t number = 0;
  std::int64_t beat = 0;  // grows while it lives; below 0 once it has stopped in order
};

class ChangeStore {
 public:
  static constexpr std::int64_t kKeepRowsMs = 10 * 60'000;
  static constexpr std::int64_t kKeepHeadsMs = 60 * 60'000;  // without a beat
  static constexpr std::int64_t kEnded = -1;

  explicit ChangeStore(engines::Tables& tables) : tables_(tables) {}

  static std::vector<engines::Migration> migrations();

  /// Of all origins.
  Task<std::vector<ChangeHead>> heads();
  /// Those with a greater number than `after`, in their order.
  Task<std::vector<NumberedChange>> rows(std::string origin, std::uint64_t after, std::int64_t limit);
  /// Bears being called again with the same.
  Task<> add(ChangeHead head, std::vector<NumberedChange> changes, std::int64_t now_ms);
  Task<> beat(ChangeHead head, std::int64_t now_ms);
  /// What nobody looks at any more goes.
  Task<> forget_old(std::int64_t now_ms);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::changes
