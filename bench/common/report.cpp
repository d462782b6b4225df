#include "common/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace concord::bench {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_number(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "null";
}

/// Four significant digits, or all digits before the point where there are more.
std::string number(double value) {
  const double size = std::abs(value);
  const int decimals =
      size >= 1000 || size == 0 ? 0 : std::clamp(3 - static_cast<int>(std::floor(std::log10(size))), 0, 9);
  return fmt::format("{:.{}f}", value, decimals);
}

using Cells = std::vector<std::string>;

Cells cells_of(const Row& row) {
  return {row.work,
          number(row.value),
          row.unit,
          row.peer,
          row.peer_value ? number(*row.peer_value) : "",
          row.ratio() ? number(*row.ratio()) : ""};
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!peer_value || *peer_value == 0) return std::nullopt;
  return value / *peer_value;
}

std::string to_json(const Row& row) {
  return fmt::format(R"({{"work":{},"value":{},"unit":{},"peer":{},"peer_value":{},"ratio":{}}})",
                     json_string(row.work), json_number(row.value), json_string(row.unit),
                     row.peer.empty() ? "null" : json_string(row.peer), json_number(row.peer_value),
                     json_number(row.ratio()));
}

std::string to_table(const std::vector<Row>& rows) {
  std::vector<Cells> lines = {{"work", "value", "unit", "peer", "peer value", "ratio"}};
  for (const Row& row : rows) lines.push_back(cells_of(row));
  std::vector<std::size_t> widths(lines[0].size());
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const Cells& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_number = i == 1 || i >= 4;
      text += is_number ? fmt::format("{:>{}}  ", line[i], widths[i]) : fmt::format("{:<{}}  ", line[i], widths[i]);
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

Report::Report(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--json") {
      arguments_.emplace_back(argv[i]);
    } else if (++i < argc) {
      json_file_ = argv[i];
    } else {
      std::fprintf(stderr, "--json needs a file\n");
      std::exit(2);
    }
  }
  if (!json_file_.empty() && !std::ofstream(json_file_)) {
    std::fprintf(stderr, "cannot write %s\n", json_file_.c_str());
    std::exit(2);
  }
}

int Report::finish() const {
  std::fputs(to_table(rows_).c_str(), stdout);
  if (json_file_.empty()) return 0;
  std::ofstream file(json_file_);
  for (const Row& row : rows_) file << to_json(row) << '\n';
  return file.flush() ? 0 : 1;
}

}  // namespace concord::bench
