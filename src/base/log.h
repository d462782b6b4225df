#pragma once
// Structured logs: one line an event, JSON or human, with a level, a message and named fields. A Logger is a cheap
// value: copy it with more fields (`with`) and pass it down. Secrets and tokens are never fields. A line is always
// valid JSON, or free of control characters where it is for people, whatever a field holds. The names time, level and
// message are taken; of several fields with one name the last is shown.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace concord {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kHuman, kJson };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
  LogField(std::string_view n, double v) : name(n), value(v) {}
  template <class T>
    requires std::is_integral_v<T>
  LogField(std::string_view n, T v) : name(n) {
    if constexpr (std::is_signed_v<T>)
      value = static_cast<std::int64_t>(v);
    else
      value = static_cast<std::uint64_t>(v);
  }
};

/// Where lines go. `write` is called from any thread with one whole line, without its newline.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(std::string_view line) = 0;
};

/// Writes to a descriptor with one write(2) a line.
std::shared_ptr<LogSink> make_fd_log_sink(int fd);

class Logger {
 public:
  /// Discards everything.
  Logger() = default;
  Logger(std::shared_ptr<LogSink> sink, LogLevel least, LogFormat format);

  bool enabled(LogLevel level) const { return sink_ && level >= least_; }
  Logger with(std::string name, std::string value) const;

  void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void debug(std::string_view m, std::initializer_list<LogField> f = {}) const { log(LogLevel::kDebug, m, f); }
  void info(std::string_view m, std::initializer_list<LogField> f = {}) const { log(LogLevel::kInfo, m, f); }
  void warn(std::string_view m, std::initializer_list<LogField> f = {}) const { log(LogLevel::kWarn, m, f); }
  void error(std::string_view m, std::initializer_list<LogField> f = {}) const { log(LogLevel::kError, m, f); }

 private:
  std::shared_ptr<LogSink> sink_;  // shared by every Logger of the process
  LogLevel least_ = LogLevel::kInfo;
  LogFormat format_ = LogFormat::kHuman;
  std::vector<std::pair<std::string, std::string>> context_;
};

}  // namespace concord
