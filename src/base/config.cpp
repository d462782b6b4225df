#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdlib>
#include <fstream>

namespace concord {
namespace {

constexpr std::size_t kMaxFileBytes = 1U << 20U;
constexpr std::string_view kFileSetting = "CONFIG_FILE";

struct Given {
  std::string text;
  std::string_view source;
};
using GivenValues = std::map<std::string, Given, std::less<>>;  // by setting name

std::string lower(std::string_view name, char separator) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = separator;
  }
  return out;
}

std::string flag_of(std::string_view name) { return "--" + lower(name, '-'); }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::unexpected<Error> invalid(std::string_view setting, std::string message) {
  return fail(Error{Code::kInvalidArgument, std::move(message), {{"field", std::string(setting)}}});
}

std::int64_t longest(const Setting& setting) { return setting.most > 0 ? setting.most : kDefaultMaxSettingBytes; }

std::optional<bool> parse_boolean(std::string_view text) {
  for (std::string_view yes : {"true", "1", "yes", "on"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"false", "0", "no", "off"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::string list_choices(const Setting& setting) { return fmt::format("{}", fmt::join(setting.choices, ", ")); }

/// The value as a number (integers, booleans), once it is within its setting's bounds.
Result<std::int64_t> check(const Setting& setting, const Given& given) {
  const std::string_view text = given.text;
  const std::string shown = setting.secret ? "the value given" : fmt::format("\"{}\"", text.substr(0, 200));
  const std::string from = fmt::format("{} ({})", setting.name, given.source);
  switch (setting.type) {
    case SettingType::kBoolean:
      if (const std::optional<bool> value = parse_boolean(text)) return *value ? 1 : 0;
      return invalid(setting.name, fmt::format("{} must be true or false; {} is neither", from, shown));
    case SettingType::kInteger: {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool whole = error == std::errc() && end == text.data() + text.size();
      if (whole && value >= setting.least && value <= setting.most) return value;
      return invalid(setting.name, fmt::format("{} must be an integer from {} to {}; {} is not", from, setting.least,
                                               setting.most, shown));
    }
    case SettingType::kString:
      break;
  }
  if (text.empty() && setting.least > 0) return invalid(setting.name, fmt::format("{} must be set", setting.name));
  if (std::ssize(text) < setting.least || std::ssize(text) > longest(setting)) {
    return invalid(setting.name, fmt::format("{} must be {} to {} bytes long; {} has {}", from, setting.least,
                                             longest(setting), shown, text.size()));
  }
  if (!setting.choices.empty() && std::ranges::find(setting.choices, text) == setting.choices.end()) {
    return invalid(setting.name, fmt::format("{} must be one of {}; {} is not", from, list_choices(setting), shown));
  }
  return 0;
}

constexpr std::string_view kPlace = "<NAME>";

bool is_name(std::string_view text) {
  constexpr std::size_t kMostBytes = 32;
  return !text.empty() && text.size() <= kMostBytes &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

/// Of a row with `each_of`, for a name.
std::string name_for(const Setting& row, std::string_view name) {
  const std::size_t place = row.name.find(kPlace);
  assert(place != std::string_view::npos);
  return std::string(row.name.substr(0, place)) + upper_name(name) +
         std::string(row.name.substr(place + kPlace.size()));
}

struct Row {
  const Setting* setting = nullptr;  // null: there is none
  std::string name;
};

/// Which setting a flag or key is, whose words `separator` parts; also of a row with `each_of`, for any name.
Row find_row(const std::vector<Setting>& table, std::string_view key, char separator) {
  for (const Setting& row : table) {
    if (row.each_of.empty() && lower(row.name, separator) == key) return {&row, std::string(row.name)};
  }
  for (const Setting& row : table) {
    if (row.each_of.empty()) continue;
    const std::string form = lower(row.name, separator);
    const std::size_t place = form.find('<');
    const std::string_view before = std::string_view(form).substr(0, place);
    const std::string_view after = std::string_view(form).substr(place + kPlace.size());
    if (key.size() <= before.size() + after.size() || !key.starts_with(before) || !key.ends_with(after)) continue;
    const std::string_view name = key.substr(before.size(), key.size() - before.size() - after.size());
    if (is_name(name)) return {&row, name_for(row, name)};
  }
  return {};
}

Result<GivenValues> read_flags(const std::vector<Setting>& table, std::span<const std::string> arguments) {
  GivenValues given;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string_view flag = argument.substr(0, equals);
    const auto [setting, name] = flag.starts_with("--") ? find_row(table, flag.substr(2), '-') : Row{};
    if (setting == nullptr) {
      return invalid(flag, fmt::format("unknown {} \"{}\"", flag.starts_with("-") ? "flag" : "argument", flag));
    }
    const bool has_next = i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
    std::string value;
    if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (has_next) {
      value = arguments[++i];
    } else if (setting->type == SettingType::kBoolean) {
      value = "true";
    } else {
      return invalid(name, fmt::format("the flag {} needs a value", flag));
    }
    given.insert_or_assign(name, Given{std::move(value), "flag"});
  }
  return given;
}

void read_environment(const std::vector<Setting>& table, const Config::Environment& environment, GivenValues& given) {
  for (const Setting& setting : table) {
    const auto before = given.find(setting.name);
    if (!setting.each_of.empty() || (before != given.end() && before->second.source == "flag")) continue;
    std::optional<std::string> value = environment(setting.name);
    if (value && !value->empty())
      given.insert_or_assign(std::string(setting.name), Given{std::move(*value), "environment"});
  }
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return invalid(kFileSetting, fmt::format("{}: cannot read \"{}\"", kFileSetting, path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return invalid(kFileSetting, fmt::format("{}: cannot read \"{}\"", kFileSetting, path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return invalid(kFileSetting, fmt::format("{}: \"{}\" is over {} bytes", kFileSetting, path, kMaxFileBytes));
  }
  return text;
}

/// A comment begins at the line's start or after a blank, so that a value may hold '#'.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

Result<> read_lines(const std::vector<Setting>& table, const std::string& path, std::string_view text,
                    GivenValues& given) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(without_comment(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return invalid(kFileSetting, fmt::format("{}:{}: a line is `key = value`", path, number));
    }
    const std::string_view key = trim(line.substr(0, equals));
    const auto [setting, name] = find_row(table, key, '_');
    if (setting == nullptr || name == kFileSetting) {
      return invalid(key, fmt::format("{}:{}: unknown key \"{}\"", path, number, key));
    }
    if (const auto [first, fresh] = seen.emplace(name, number); !fresh) {
      return invalid(key, fmt::format("{}:{}: \"{}\" was set in line {}", path, number, key, first->second));
    }
    given.emplace(name, Given{std::string(trim(line.substr(equals + 1))), "file"});
  }
  return {};
}

Result<std::vector<std::string>> read_names(std::string_view setting, std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view name = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_name(name))
      return invalid(setting, fmt::format("{} must list names of 1 to 32 lower-case letters and digits, separated by "
                                          "commas; \"{}\" is none",
                                          setting, name.substr(0, 200)));
    if (std::ranges::find(names, name) != names.end())
      return invalid(setting, fmt::format("{} names \"{}\" twice", setting, name));
    names.emplace_back(name);
  }
  return names;
}

struct Expanded {
  std::vector<Setting> table;
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
  std::deque<std::string> names;
};

/// The table with a row for each listed name in the place of those with `each_of`.
Result<Expanded> expand(const std::vector<Setting>& table, const GivenValues& given) {
  Expanded out;
  for (const Setting& row : table) {
    if (row.each_of.empty() || out.lists.contains(row.each_of)) continue;
    const auto list = given.find(row.each_of);
    const std::string_view text = list != given.end() ? std::string_view(list->second.text) : std::string_view();
    TRY(auto names, read_names(row.each_of, text));
    out.lists.emplace(row.each_of, std::move(names));
  }
  for (const Setting& row : table) {
    if (row.each_of.empty()) {
      out.table.push_back(row);
      continue;
    }
    for (const std::string& name : out.lists.find(row.each_of)->second) {
      out.table.push_back(row);
      out.table.back().name = out.names.emplace_back(name_for(row, name));
      out.table.back().each_of = {};
    }
  }
  for (const auto& [name, value] : given) {
    if (std::ranges::find(out.table, name, &Setting::name) == out.table.end())
      return invalid(name, fmt::format("{} ({}) is for a name that is not listed", name, value.source));
  }
  return out;
}

std::string type_text(const Setting& setting) {
  switch (setting.type) {
    case SettingType::kBoolean:
      return "true or false";
    case SettingType::kInteger:
      return fmt::format("{} to {}", setting.least, setting.most);
    case SettingType::kString:
      break;
  }
  if (!setting.choices.empty()) return list_choices(setting);
  if (setting.least > 0) return fmt::format("text, {} to {} bytes", setting.least, longest(setting));
  return fmt::format("text, up to {} bytes", longest(setting));
}

std::string markdown_cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

}  // namespace

std::string upper_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

Result<Config> Config::load(std::vector<Setting> table, std::span<const std::string> arguments,
                            const Environment& environment) {
  TRY(GivenValues given, read_flags(table, arguments));
  read_environment(table, environment, given);
  const auto file_setting = std::ranges::find(table, kFileSetting, &Setting::name);
  if (file_setting != table.end()) {
    const auto named = given.find(kFileSetting);
    const std::string path = named != given.end() ? named->second.text : std::string(file_setting->fallback);
    if (!path.empty()) {
      TRY(const std::string text, read_file(path));
      TRY_VOID(read_lines(table, path, text, given));
    }
  }
  TRY(Expanded expanded, expand(table, given));
  read_environment(expanded.table, environment, given);
  Config config;
  config.made_names_ = std::make_shared<const std::deque<std::string>>(std::move(expanded.names));
  config.lists_ = std::move(expanded.lists);
  for (const Setting& setting : expanded.table) {
    const auto found = given.find(setting.name);
    const Given value = found != given.end() ? found->second : Given{std::string(setting.fallback), "default"};
    TRY(const std::int64_t number, check(setting, value));
    const bool fresh = config.values_.emplace(setting.name, Value{value.text, number, value.source}).second;
    assert(fresh && "a setting stands in the table twice");
    (void)fresh;
  }
  config.table_ = std::move(expanded.table);
  return config;
}

const Config::Value& Config::value(std::string_view name, SettingType type) const {
  const auto setting = std::ranges::find(table_, name, &Setting::name);
  assert(setting != table_.end() && setting->type == type);
  (void)setting;
  (void)type;
  return values_.find(name)->second;
}

const std::string& Config::string(std::string_view name) const { return value(name, SettingType::kString).text; }

std::int64_t Config::integer(std::string_view name) const { return value(name, SettingType::kInteger).number; }

bool Config::boolean(std::string_view name) const { return value(name, SettingType::kBoolean).number != 0; }

const std::vector<std::string>& Config::names(std::string_view name) const {
  const auto found = lists_.find(name);
  assert(found != lists_.end());
  return found->second;
}

std::string Config::describe() const {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  const auto shown = [](const Setting& setting, const Value& value) -> std::string {
    if (setting.secret) return value.text.empty() ? "(not set)" : "(set)";
    return value.text.empty() ? "\"\"" : value.text;
  };
  for (const Setting& setting : table_) {
    name_width = std::max(name_width, setting.name.size());
    value_width = std::max(value_width, shown(setting, values_.find(setting.name)->second).size());
  }
  std::string out;
  for (const Setting& setting : table_) {
    const Value& value = values_.find(setting.name)->second;
    fmt::format_to(std::back_inserter(out), "{:<{}}  {:<{}}  {}\n", setting.name, name_width, shown(setting, value),
                   value_width, value.source);
  }
  return out;
}

std::string Config::markdown(std::span<const Setting> table) {
  std::string out =
      "| Setting | Flag | Key in the file | Value | Default | Meaning |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const Setting& setting : table) {
    const std::string fallback = setting.fallback.empty() ? "" : "`" + markdown_cell(setting.fallback) + "`";
    const std::string key = setting.name == kFileSetting ? "" : "`" + lower(setting.name, '_') + "`";
    fmt::format_to(std::back_inserter(out), "| `{}` | `{}` | {} | {}{} | {} | {} |\n", setting.name,
                   flag_of(setting.name), key, markdown_cell(type_text(setting)), setting.secret ? "; secret" : "",
                   fallback, markdown_cell(setting.meaning));
  }
  return out;
}

Config::Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

}  // namespace concord
