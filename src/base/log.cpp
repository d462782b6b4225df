#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>

#include "base/clock.h"
#include "base/varint.h"

namespace concord {
namespace {

class FdLogSink final : public LogSink {
 public:
  explicit FdLogSink(int fd) : fd_(fd) {}

  void write(std::string_view line) override {
    std::string text;
    text.reserve(line.size() + 1);
    text.append(line).push_back('\n');
    std::string_view left = text;
    while (!left.empty()) {
      const ssize_t written = ::write(fd_, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // nobody to tell: the log itself is gone or full
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  int fd_;
};

std::string_view level_word(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

/// The length of the well-formed UTF-8 character that `text` begins with; 0 where it begins with none.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_valid_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

/// A JSON string (RFC 8259), quotes included. Ill-formed UTF-8 becomes U+FFFD, so the line is always valid JSON.
void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else if (const std::size_t length = character_length(text.substr(at)); length > 0) {
      out.append(text.substr(at, length));
      at += length;
      continue;
    } else {
      out.append("\xEF\xBF\xBD");
    }
    ++at;
  }
  out.push_back('"');
}

/// Bare where that is unambiguous on one line, quoted otherwise.
void append_human(std::string& out, std::string_view text, bool spaces_are_plain) {
  const bool plain = is_valid_utf8(text) && std::ranges::none_of(text, [=](char c) {
                       const auto u = static_cast<unsigned char>(c);
                       return u < 0x20 || u == 0x7f || (!spaces_are_plain && (c == ' ' || c == '"' || c == '='));
                     });
  if (plain && !text.empty()) {
    out.append(text);
  } else {
    append_quoted(out, text);
  }
}

void append_value(std::string& out, const LogField& field, LogFormat format) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (format == LogFormat::kJson) {
      append_quoted(out, *text);
    } else {
      append_human(out, *text, false);
    }
    return;
  }
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, double>) {
          if (std::isfinite(value)) {
            fmt::format_to(std::back_inserter(out), "{}", value);
          } else {
            out.append("null");  // JSON has no number for it
          }
        } else if constexpr (!std::is_same_v<T, std::string_view>) {
          fmt::format_to(std::back_inserter(out), "{}", value);
        }
      },
      field.value);
}

}  // namespace

std::shared_ptr<LogSink> make_fd_log_sink(int fd) { return std::make_shared<FdLogSink>(fd); }

Logger::Logger(std::shared_ptr<LogSink> sink, LogLevel least, LogFormat format)
    : sink_(std::move(sink)), least_(least), format_(format) {}

Logger Logger::with(std::string name, std::string value) const {
  Logger copy = *this;
  copy.context_.emplace_back(std::move(name), std::move(value));
  return copy;
}

void Logger::log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const {
  if (!enabled(level)) return;
  const std::string time = format_time(SystemClock().wall_ms());
  std::string line;
  line.reserve(256);
  const auto append_field = [&](const LogField& field) {
    if (format_ == LogFormat::kJson) {
      line.push_back(',');
      append_quoted(line, field.name);
      line.push_back(':');
    } else {
      line.push_back(' ');
      append_human(line, field.name, false);
      line.push_back('=');
    }
    append_value(line, field, format_);
  };
  if (format_ == LogFormat::kJson) {
    line.append("{\"time\":\"").append(time).append("\",\"level\":\"").append(level_word(level));
    line.append("\",\"message\":");
    append_quoted(line, message);
  } else {
    fmt::format_to(std::back_inserter(line), "{} {:<5} ", time, level_word(level));
    append_human(line, message, true);
  }
  for (std::size_t i = 0; i < context_.size(); ++i) {
    const std::string_view name = context_[i].first;
    const auto same_name = [&](const auto& pair) { return pair.first == name; };
    const bool shadowed = std::ranges::any_of(fields, [&](const LogField& f) { return f.name == name; }) ||
                          std::any_of(context_.begin() + static_cast<std::ptrdiff_t>(i) + 1, context_.end(), same_name);
    if (!shadowed) append_field({name, context_[i].second});
  }
  for (const LogField& field : fields) append_field(field);
  if (format_ == LogFormat::kJson) line.push_back('}');
  sink_->write(line);
}

}  // namespace concord
