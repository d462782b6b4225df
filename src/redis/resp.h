#pragma once
// RESP3, what Redis speaks (https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md): values that a
// server sends, and the commands that a client does. Streamed strings and aggregates, which no server sends to who does
// not ask, are refused.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::redis {

struct RespValue {
  enum class Kind : std::uint8_t {
    kNull,     // also RESP2's null string and null array
    kText,     // simple strings, big numbers, doubles as they were written
    kError,    // simple and bulk ones; `bytes` is the message, whose first word is
               // its kind
    kInteger,  // also booleans: 0 and 1
    kBulk,     // also verbatim strings, without their format
    kArray,    // also sets
    kMap,      // `items` has each key and behind it its value
    kPush,
  };
  Kind kind = Kind::kNull;
  std::int64_t integer = 0;
  Bytes bytes;
  std::vector<RespValue> items;

  std::string_view text() const { return as_text(bytes); }
  bool is_error() const { return kind == Kind::kError; }
  /// The value of a map's key; nullptr where there is none.
  const RespValue* find(std::string_view key) const;
  bool operator==(const RespValue&) const = default;
};

struct RespLimits {
  std::size_t line_bytes = 64U << 10U;
  std::size_t bulk_bytes = 64U << 20U;
  std::size_t value_bytes = 128U << 20U;  // of one whole value: its strings, and
                                          // kElementBytes for each element
  std::size_t depth = 16;

  static constexpr std::size_t kElementBytes = sizeof(RespValue);
};

/// Takes a server's bytes as they come. One thread at a time.
class RespDecoder {
 public:
  explicit RespDecoder(RespLimits limits = {}) : limits_(limits) {}

  /// Takes bytes from the front of `input` until a value is whole, or `input` is empty: then nullopt. kCorrupt where it
  /// is no RESP3, kTooLarge over a limit; there is no going on after either.
  Result<std::optional<RespValue>> next(ByteView& input);

 private:
  /// An aggregate whose elements are still coming.
  struct Open {
    RespValue value;
    std::size_t missing = 0;
    bool is_attribute = false;  // said of the value behind it, and dropped
  };

  Result<bool> take_line(ByteView& input);
  Result<bool> take_bulk(ByteView& input);
  Result<bool> begin_value();
  Result<bool> begin_bulk(RespValue::Kind kind, std::string_view size);
  Result<bool> begin_aggregate(char type, std::string_view size);
  Result<> charge(std::size_t bytes);
  bool close_value();

  RespLimits limits_;
  Bytes line_;                               // without its end
  RespValue value_;                          // what has just been read, or the bulk string that is being read
  std::optional<std::size_t> bulk_missing_;  // bytes of a bulk string, with the two behind it
  bool is_verbatim_ = false;                 // it begins with its format: three letters and a colon
  std::vector<Open> open_;
  std::size_t charged_ = 0;
};

/// Adds a command to what is to be sent: an array of bulk strings.
class RespCommand {
 public:
  RespCommand() = default;
  RespCommand(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) add(word);
  }
  RespCommand& add(std::string_view word) { return add(as_bytes(word)); }
  RespCommand& add(ByteView word);
  RespCommand& add(std::int64_t number);

  std::size_t size_bytes() const { return body_.size(); }
  /// Appends the command to `out`.
  void write(Bytes& out) const;

 private:
  std::size_t words_ = 0;
  Bytes body_;
};

}  // namespace concord::redis
