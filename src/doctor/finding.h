#pragma once
// What an examination found: lines for people, or JSON for machines.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace concord::doctor {

enum class Level : std::uint8_t { kOk, kWarn, kError };
std::string_view to_string(Level level);  // "ok", "warn", "error"

/// Never holds a secret.
struct Finding {
  Level level = Level::kOk;
  std::string area;    // "postgres", "machine", …
  std::string check;   // what was looked at: a setting of the engine, or a few words
  std::string found;   // what is
  std::string change;  // what to change, and how; empty where it is well
};

/// Findings of one area, in the order in which they are added.
class Findings {
 public:
  explicit Findings(std::string area) : area_(std::move(area)) {}

  void ok(std::string check, std::string found) { add(Level::kOk, std::move(check), std::move(found), {}); }
  void warn(std::string check, std::string found, std::string change) {
    add(Level::kWarn, std::move(check), std::move(found), std::move(change));
  }
  void error(std::string check, std::string found, std::string change) {
    add(Level::kError, std::move(check), std::move(found), std::move(change));
  }
  /// `level` tells which; `change` is dropped where it is well.
  void add(Level level, std::string check, std::string found, std::string change);

  std::vector<Finding> take() && { return std::move(all_); }

 private:
  std::string area_;
  std::vector<Finding> all_;
};

struct Report {
  std::vector<Finding> findings;

  std::size_t count(Level level) const;
  Level worst() const;
  /// One line for each finding, another for what to change, and a last one that counts.
  std::string text() const;
  /// {"status","errors","warnings","findings":[{"level","area","check","found","change"}]}, without line breaks.
  std::string json() const;
};

/// The middle one; 0 of none.
std::int64_t median(std::vector<std::int64_t> values);
/// "1.5 ms" of microseconds.
std::string milliseconds(std::int64_t us);
/// "3 MiB", "1.5 GiB".
std::string size_text(std::uint64_t bytes);

}  // namespace concord::doctor
