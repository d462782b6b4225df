#pragma once
// Typed configuration. One table of Settings names everything that can be set; a value comes from, in this order: the
// command line, the environment, the file, the default. `concord config` prints the table and
// docs/configuration.md is made from it.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace concord {

/// The most bytes of a text whose setting names no bound.
constexpr std::int64_t kDefaultMaxSettingBytes = 4096;

enum class SettingType : std::uint8_t { kString, kInteger, kBoolean };

/// One row of the table. `name` is the environment variable (UPPER_SNAKE, unit last); the flag is the same in
/// lower-kebab after `--`, the key in the file the same in lower_snake. A row with `each_of` is there once for each
/// name that the setting it names lists; in its own name that name takes the place of "<NAME>", in capitals.
struct Setting {
  std::string_view name;
  SettingType type = SettingType::kString;
  std::string_view fallback = {};  // the default, as text
  std::int64_t least = 0;          // integers: bounds, both inclusive; strings: bounds of the length in bytes
  std::int64_t most = 0;           // strings: 0 means kDefaultMaxSettingBytes; `least` above 0 makes them required
  std::string_view meaning = {};   // one sentence
  bool secret = false;             // never printed
  std::vector<std::string_view> choices = {};  // strings: where not empty, one of these
  std::string_view each_of = {};
};

/// A name of such a list, of lower-case letters and digits, as it stands in the names of settings.
std::string upper_name(std::string_view name);

class Config {
 public:
  using Environment = std::function<std::optional<std::string>(std::string_view name)>;

  /// Reads `--name value`, `--name=value` and bare `--flag` (booleans) from `arguments`, of which the last wins; a
  /// value that begins with `--` needs the `=`. An empty environment variable counts as not set. The file, at most 1
  /// MiB, is the one that the setting CONFIG_FILE names: lines of `key = value`; `#` at a line's start or after a blank
  /// begins a comment. Booleans are true, 1, yes, on or false, 0, no, off. An unknown flag or key, a key set twice, a
  /// value out of bounds or of the wrong type is kInvalidArgument and names the setting, the bound and (unless secret)
  /// the value.
  static Result<Config> load(std::vector<Setting> table, std::span<const std::string> arguments,
                             const Environment& environment);

  /// These assert that the table has a setting of that name and type.
  const std::string& string(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;
  /// What a setting lists that other rows are `each_of`: distinct names of 1 to 32 lower-case letters and digits.
  const std::vector<std::string>& names(std::string_view name) const;

  /// The table with the values in force and where each came from; secrets are shown as "(set)" or "(not set)".
  std::string describe() const;
  /// The table as Markdown, without values.
  static std::string markdown(std::span<const Setting> table);

 private:
  struct Value {
    std::string text;
    std::int64_t number = 0;
    std::string_view source;  // "flag", "environment", "file" or "default"
  };
  const Value& value(std::string_view name, SettingType type) const;

  std::vector<Setting> table_;
  std::shared_ptr<const std::deque<std::string>> made_names_;  // of rows made for listed names; shared by copies
  std::map<std::string, std::vector<std::string>, std::less<>> lists_;
  std::map<std::string, Value, std::less<>> values_;
};

/// The machine's environment.
Config::Environment process_environment();

}  // namespace concord
