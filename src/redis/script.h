#pragma once
// The programs that run in the server (EVALSHA): each changes what belongs together at once. All keys that one touches
// are named in its KEYS and share a slot.

#include <string>
#include <string_view>

namespace concord::redis {

struct Script {
  explicit Script(std::string_view text);

  std::string text;
  std::string sha1;  // in hexadecimal, by which the server knows it once it has it
};

struct Scripts {
  Scripts();

  Script set;    // KEYS names, times, values; ARGV key, value, time to live
  Script get;    // KEYS times, values; ARGV key. Nil where there is none
  Script erase;  // KEYS names, times, values; ARGV key
  /// KEYS names, times, values; ARGV from, to (as ZRANGEBYLEX has them), most pairs, most bytes. Answers where to go on
  /// (empty: nothing is left), then a key and its value, and so on.
  Script list;
  Script take;  // KEYS bucket; ARGV tokens, tokens a minute, burst. Answers what is left as text
  Script add;   // KEYS counter; ARGV what to add, time to live. Answers the sum as text
};

}  // namespace concord::redis
