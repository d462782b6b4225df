#include "doctor/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "json/writer.h"

namespace concord::doctor {
namespace {

/// What servers say goes onto one line, and stays printable.
std::string one_line(std::string text) {
  constexpr std::size_t kMost = 1000;
  if (text.size() > kMost) text.resize(kMost);
  std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c == 127; }, ' ');
  return text;
}

}  // namespace

std::string_view to_string(Level level) {
  constexpr std::array<std::string_view, 3> kNames{"ok", "warn", "error"};
  return kNames.at(static_cast<std::size_t>(level));
}

void Findings::add(Level level, std::string check, std::string found, std::string change) {
  if (level == Level::kOk) change.clear();
  all_.push_back({level, area_, one_line(std::move(check)), one_line(std::move(found)), one_line(std::move(change))});
}

std::size_t Report::count(Level level) const {
  return static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::level));
}

Level Report::worst() const {
  return findings.empty() ? Level::kOk : std::ranges::max(findings, {}, &Finding::level).level;
}

std::string Report::text() const {
  std::string out;
  for (const Finding& one : findings) {
    out += fmt::format("{:<5}  {:<9} {}: {}\n", to_string(one.level), one.area, one.check, one.found);
    if (!one.change.empty()) out += fmt::format("{:<7}{:<9} -> {}\n", "", "", one.change);
  }
  out += fmt::format("{} errors, {} warnings, {} well\n", count(Level::kError), count(Level::kWarn), count(Level::kOk));
  return out;
}

std::string Report::json() const {
  json::Writer out;
  out.begin_object()
      .field("status", to_string(worst()))
      .field("errors", count(Level::kError))
      .field("warnings", count(Level::kWarn));
  out.key("findings").begin_array();
  for (const Finding& one : findings) {
    out.begin_object()
        .field("level", to_string(one.level))
        .field("area", one.area)
        .field("check", one.check)
        .field("found", one.found)
        .field("change", one.change)
        .end();
  }
  out.end().end();
  return std::move(out).take();
}

std::int64_t median(std::vector<std::int64_t> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string milliseconds(std::int64_t us) { return fmt::format("{:.1f} ms", static_cast<double>(us) / 1000); }

std::string size_text(std::uint64_t bytes) {
  constexpr double kStep = 1024;
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= kStep && unit + 1 < kUnits.size(); ++unit) value /= kStep;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

}  // namespace concord::doctor
