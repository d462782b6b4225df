#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

#include "base/bytes.h"
#include "base/property_testing.h"
#include "base/varint.h"

namespace concord {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct CapturedLines final : LogSink {
  std::vector<std::string> lines;
  void write(std::string_view line) override { lines.emplace_back(line); }
};

std::string json_line(std::string_view message, std::initializer_list<LogField> fields = {}) {
  const auto sink = std::make_shared<CapturedLines>();
  Logger(sink, LogLevel::kDebug, LogFormat::kJson).info(message, fields);
  return sink->lines.at(0);
}

std::string human_line(std::string_view message, std::initializer_list<LogField> fields = {}) {
  const auto sink = std::make_shared<CapturedLines>();
  Logger(sink, LogLevel::kDebug, LogFormat::kHuman).warn(message, fields);
  return sink->lines.at(0);
}

TEST(Log, a_json_line_holds_time_level_message_and_typed_fields) {
  const std::string line =
      json_line("stored", {{"count", 3}, {"large", ~0ULL}, {"ratio", 0.5}, {"ok", true}, {"name", "a b"}});
  EXPECT_THAT(line, ContainsRegex("^\\{\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z\",\"level\":\"info\","));
  EXPECT_THAT(line, EndsWith("\"message\":\"stored\",\"count\":3,\"large\":18446744073709551615,\"ratio\":0.5,"
                             "\"ok\":true,\"name\":\"a b\"}"));
}

TEST(Log, json_strings_are_escaped) {
  EXPECT_THAT(json_line("say \"hi\"\\\n\r\t\x01\x7f"),
              EndsWith("\"message\":\"say \\\"hi\\\"\\\\\\n\\r\\t\\u0001\\u007f\"}"));
  EXPECT_THAT(json_line("m", {{"a\"b", "caf\xC3\xA9"}}), EndsWith(",\"a\\\"b\":\"caf\xC3\xA9\"}"));
  EXPECT_THAT(json_line("bad \xC3( \xFF"), HasSubstr("bad \xEF\xBF\xBD( \xEF\xBF\xBD\""));
}

TEST(Log, a_number_json_has_no_word_for_is_null) {
  EXPECT_THAT(json_line("m", {{"x", std::numeric_limits<double>::quiet_NaN()}}), EndsWith("\"x\":null}"));
  EXPECT_THAT(json_line("m", {{"x", std::numeric_limits<double>::infinity()}}), EndsWith("\"x\":null}"));
}

/// Whether a JSON object's text is one line whose strings are closed and hold only legal escapes and characters.
bool has_sound_strings(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20) return false;
    if (inside && c == '\\') {
      if (i + 1 == text.size() || std::string_view("\"\\nrtu").find(text[++i]) == std::string_view::npos) return false;
    } else if (c == '"') {
      inside = !inside;
    }
  }
  return !inside && text.starts_with("{") && text.ends_with("}");
}

TEST(Log, any_bytes_make_one_sound_json_line) {
  testing::for_each_seed(500, [](testing::Random& random) {
    const Bytes name = testing::pick_bytes(random, 12);
    const Bytes value = testing::pick_bytes(random, 60);
    const std::string line = json_line(as_text(value), {{as_text(name), as_text(value)}});
    EXPECT_TRUE(has_sound_strings(line)) << line;
    EXPECT_TRUE(is_valid_utf8(line));
  });
}

TEST(Log, a_human_line_quotes_what_could_be_misread) {
  const std::string line =
      human_line("started up", {{"addr", "127.0.0.1:8080"}, {"why", "a b"}, {"empty", ""}, {"n", -4}});
  EXPECT_THAT(line, EndsWith("Z warn  started up addr=127.0.0.1:8080 why=\"a b\" empty=\"\" n=-4"));
}

TEST(Log, a_newline_or_an_escape_sequence_cannot_forge_a_human_line) {
  const std::string line = human_line("one\ntwo", {{"who", "x\x1b[31m\ny"}, {"k\n", "v"}});
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
}

TEST(Log, lines_below_the_least_level_are_not_written) {
  const auto sink = std::make_shared<CapturedLines>();
  const Logger logger(sink, LogLevel::kWarn, LogFormat::kJson);
  logger.debug("no");
  logger.info("no");
  logger.warn("yes");
  logger.error("yes");
  EXPECT_EQ(sink->lines.size(), 2U);
  EXPECT_FALSE(logger.enabled(LogLevel::kInfo));
  EXPECT_FALSE(Logger().enabled(LogLevel::kError));
  Logger().error("discarded");
}

TEST(Log, a_copy_with_fields_keeps_them_and_the_original_does_not) {
  const auto sink = std::make_shared<CapturedLines>();
  const Logger logger(sink, LogLevel::kInfo, LogFormat::kJson);
  logger.with("request_id", "r1").with("user", "u").info("m", {{"n", 1}});
  logger.info("m");
  EXPECT_THAT(sink->lines.at(0), EndsWith("\"message\":\"m\",\"request_id\":\"r1\",\"user\":\"u\",\"n\":1}"));
  EXPECT_THAT(sink->lines.at(1), EndsWith("\"message\":\"m\"}"));
}

TEST(Log, the_last_of_several_fields_with_one_name_is_shown) {
  const auto sink = std::make_shared<CapturedLines>();
  const Logger logger(sink, LogLevel::kInfo, LogFormat::kJson);
  logger.with("a", "1").with("a", "2").info("m");
  logger.with("a", "1").info("m", {{"a", "3"}});
  EXPECT_THAT(sink->lines.at(0), EndsWith("\"message\":\"m\",\"a\":\"2\"}"));
  EXPECT_THAT(sink->lines.at(1), EndsWith("\"message\":\"m\",\"a\":\"3\"}"));
}

TEST(Log, the_descriptor_sink_writes_whole_lines) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto sink = make_fd_log_sink(ends[1]);
  sink->write("first");
  sink->write("second");
  ::close(ends[1]);
  char buffer[64];
  const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string_view(buffer, static_cast<std::size_t>(got)), "first\nsecond\n");
}

}  // namespace
}  // namespace concord
