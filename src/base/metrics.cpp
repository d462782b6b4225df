#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <map>
#include <string_view>
#include <variant>

namespace concord {
namespace {

using Instrument =
    std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>, std::function<double()>>;

struct Family {
  std::string_view type;
  std::string help;
  std::map<std::string, Instrument> series;  // by the label set as it stands in the text, without braces
};

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (char c : text) {
    if (c == '\\') {
      out.append("\\\\");
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '"' && quotes) {
      out.append("\\\"");
    } else {
      out.push_back(c);
    }
  }
}

std::string label_text(Metrics::Labels labels) {
  std::ranges::sort(labels);
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out.push_back(',');
    out.append(name).append("=\"");
    append_escaped(out, value, true);
    out.push_back('"');
  }
  return out;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, std::string_view value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

void append_histogram(std::string& out, const std::string& name, const std::string& labels,
                      const Histogram& histogram) {
  const Histogram::Reading reading = histogram.read();
  const std::string separator = labels.empty() ? "" : ",";
  const auto bucket = [&](const std::string& bound, std::uint64_t count) {
    append_sample(out, name + "_bucket", labels + separator + "le=\"" + bound + "\"", std::to_string(count));
  };
  for (const auto& [bound, count] : reading.buckets) bucket(number_text(bound), count);
  bucket("+Inf", reading.count);
  append_sample(out, name + "_sum", labels, number_text(reading.sum));
  append_sample(out, name + "_count", labels, std::to_string(reading.count));
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), counts_(bounds.size() + 1) {
  assert(std::ranges::is_sorted(bounds_));
}

void Histogram::record(double value) {
  const auto at = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
  Reading reading;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    reading.count += counts_[i].load(std::memory_order_relaxed);
    if (i < bounds_.size()) reading.buckets.emplace_back(bounds_[i], reading.count);
  }
  reading.sum = sum_.load(std::memory_order_relaxed);
  return reading;
}

std::span<const double> latency_bounds() {
  static constexpr std::array kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                         0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
  return kBounds;
}

std::span<const double> size_bounds() {
  static constexpr std::array kBounds = {1.0,     4.0,     16.0,     64.0,      256.0,     1024.0,    4096.0,
                                         16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0};
  return kBounds;
}

struct Metrics::State {
  mutable std::mutex mutex;
  std::map<std::string, Family> families;

  /// The instrument of that name and labels, made by `make` where it is new. The caller holds the mutex.
  template <class Make>
  Instrument& find(const std::string& name, const std::string& help, std::string_view type, Labels labels, Make make) {
    Family& family = families[name];
    assert(family.type.empty() || family.type == type);
    family.type = type;
    if (family.help.empty()) family.help = help;
    std::string key = label_text(std::move(labels));
    if (!family.series.contains(key) && family.series.size() >= kMaxSeries) key = "over_limit=\"true\"";
    auto found = family.series.find(key);
    if (found == family.series.end()) found = family.series.emplace(std::move(key), make()).first;
    return found->second;
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, Labels labels) {
  const std::lock_guard lock(state_->mutex);
  return *std::get<std::unique_ptr<Counter>>(
      state_->find(name, help, "counter", std::move(labels), [] { return Instrument(std::make_unique<Counter>()); }));
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, Labels labels) {
  const std::lock_guard lock(state_->mutex);
  return *std::get<std::unique_ptr<Gauge>>(
      state_->find(name, help, "gauge", std::move(labels), [] { return Instrument(std::make_unique<Gauge>()); }));
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help, std::span<const double> bounds,
                              Labels labels) {
  const std::lock_guard lock(state_->mutex);
  return *std::get<std::unique_ptr<Histogram>>(state_->find(
      name, help, "histogram", std::move(labels), [&] { return Instrument(std::make_unique<Histogram>(bounds)); }));
}

void Metrics::gauge_from(const std::string& name, const std::string& help, std::function<double()> read) {
  const std::lock_guard lock(state_->mutex);
  state_->find(name, help, "gauge", {}, [] { return Instrument(std::function<double()>()); }) = std::move(read);
}

std::string Metrics::prometheus_text() const {
  const std::lock_guard lock(state_->mutex);
  std::string out;
  for (const auto& [name, family] : state_->families) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, family.help, false);
    out.append("\n# TYPE ").append(name).append(" ").append(family.type).append("\n");
    for (const auto& [labels, instrument] : family.series) {
      if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&instrument)) {
        append_sample(out, name, labels, std::to_string((*counter)->value()));
      } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&instrument)) {
        append_sample(out, name, labels, std::to_string((*gauge)->value()));
      } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&instrument)) {
        append_histogram(out, name, labels, **histogram);
      } else {
        append_sample(out, name, labels, number_text(std::get<std::function<double()>>(instrument)()));
      }
    }
  }
  return out;
}

}  // namespace concord
