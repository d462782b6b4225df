#pragma once
// What a benchmark tells: a table for people and, with --json FILE, one JSON object a row.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::bench {

struct Row {
  std::string work;  // what was done, e.g. "apply 100,000 updates"
  double value = 0;
  std::string unit;       // e.g. "ms", "MB/s"
  std::string peer = {};  // what it is compared to, measured in the same run; may be empty
  std::optional<double> peer_value = {};

  /// value divided by peer_value.
  std::optional<double> ratio() const;
};

/// The row as one line of JSON: work, value, unit, peer, peer_value, ratio; null where there is no peer.
std::string to_json(const Row& row);
/// A table with a heading, one line a row.
std::string to_table(const std::vector<Row>& rows);

class Report {
 public:
  /// Takes `--json FILE` out of the arguments; the others remain in `arguments()`. Exits with a message where the file
  /// is missing or cannot be written.
  Report(int argc, char** argv);

  const std::vector<std::string>& arguments() const { return arguments_; }
  void add(Row row) { rows_.push_back(std::move(row)); }
  /// Prints the table and writes the file. Returns the program's exit code.
  int finish() const;

 private:
  std::vector<std::string> arguments_;
  std::string json_file_;
  std::vector<Row> rows_;
};

}  // namespace concord::bench
