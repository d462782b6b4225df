#include "archive/manifest.h"

#include <fmt/format.h>

#include <charconv>

#include "engines/blobs.h"
#include "engines/crc32c.h"

namespace concord::archive {

namespace {

constexpr std::string_view kTitle = "concord archive 1";
constexpr std::string_view kPrefix = "manifest/";
constexpr std::size_t kDigits = 20;

std::unexpected<Error> corrupt(std::string what) { return fail(Code::kCorrupt, "the manifest " + std::move(what)); }
std::unexpected<Error> senseless(std::string what) { return fail(Code::kInternal, "the manifest " + std::move(what)); }

/// Takes the words of a line one after the other.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }
  template <class Number>
  bool number(Number& value, int base = 10) {
    const std::string_view word = next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    return error == std::errc() && end == word.data() + word.size();
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string put_line(const std::string& key, const ArchivedObject& object) {
  return fmt::format("put {} {} {:08x} {}\n", key, object.size_bytes, object.checksum, object.put_ms);
}
std::string gone_line(const std::string& key, std::int64_t now_ms) { return fmt::format("gone {} {}\n", key, now_ms); }

bool parse_identity(std::string_view hex, engines::LogIdentity& out) {
  if (hex.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* at = hex.data() + 2 * i;
    if (std::from_chars(at, at + 2, out[i], 16).ptr != at + 2) return false;
  }
  return true;
}

}  // namespace

const ArchivedObject* Manifest::find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

void Manifest::put(const std::string& key, ArchivedObject object) {
  const auto [at, inserted] = objects_.try_emplace(key);
  if (!inserted) bytes_ -= at->second.size_bytes;
  at->second = object;
  bytes_ += object.size_bytes;
  changes_ += put_line(key, object);
}

void Manifest::set_gone(const std::string& key, std::int64_t now_ms) {
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second.gone_ms != 0) return;
  found->second.gone_ms = now_ms;
  changes_ += gone_line(key, now_ms);
}

void Manifest::drop(const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  bytes_ -= found->second.size_bytes;
  objects_.erase(found);
  changes_ += "drop " + key + "\n";
}

std::string Manifest::head(bool whole) {
  std::string text = fmt::format("{}\nnumber {}\n", kTitle, number + 1);
  if (!whole) text += fmt::format("after {:08x}\n", own_checksum);
  text += fmt::format("log {}\ntime {}\ncomplete {}\n", to_hex(log), time_ms, complete ? 1 : 0);
  return text;
}

Bytes Manifest::finish(std::string text) {
  own_checksum = engines::crc32c(as_bytes(text));
  text += fmt::format("end {:08x}\n", own_checksum);
  number += 1;
  changes_.clear();
  return to_bytes(text);
}

Bytes Manifest::write_whole() {
  std::string text = head(true);
  for (const auto& [key, object] : objects_) {
    text += put_line(key, object);
    if (object.gone_ms != 0) text += gone_line(key, object.gone_ms);
  }
  return finish(std::move(text));
}

Bytes Manifest::write_change() { return finish(head(false) + changes_); }

Result<> Manifest::read_head(std::string_view& text, std::uint32_t checksum) {
  if (take_line(text) != kTitle) return corrupt("is none of this format");
  Words numbered(take_line(text));
  std::uint64_t its_number = 0;
  if (numbered.next() != "number" || !numbered.number(its_number) || its_number == 0) return senseless("has no number");
  bool whole = true;
  if (text.starts_with("after ")) {
    Words after(take_line(text));
    std::uint32_t before = 0;
    after.next();
    if (!after.number(before, 16) || its_number != number + 1 || before != own_checksum)
      return corrupt(fmt::format("{} does not follow {}", its_number, number));
    whole = false;
  }
  if (whole) {
    objects_.clear();
    bytes_ = 0;
  }
  Words named(take_line(text));
  if (named.next() != "log" || !parse_identity(named.next(), log)) return senseless("names no log");
  Words timed(take_line(text));
  if (timed.next() != "time" || !timed.number(time_ms)) return senseless("has no time");
  const std::string_view completed = take_line(text);
  if (completed != "complete 0" && completed != "complete 1") return senseless("does not say whether it is complete");
  complete = completed.back() == '1';
  number = its_number;
  own_checksum = checksum;
  return {};
}

Result<> Manifest::read_line(std::string_view line) {
  Words words(line);
  const std::string_view verb = words.next();
  const std::string key(words.next());
  if (!engines::check_blob_key(key)) return senseless("names an object by what is no key");
  if (verb == "put") {
    ArchivedObject object;
    if (!words.number(object.size_bytes) || !words.number(object.checksum, 16) || !words.number(object.put_ms))
      return senseless("has a line without size, checksum and time: " + key);
    put(key, object);
    return {};
  }
  if (find(key) == nullptr) return senseless("speaks of an object that it does not have: " + key);
  std::int64_t gone_ms = 0;
  if (verb == "drop") {
    drop(key);
  } else if (verb == "gone" && words.number(gone_ms) && gone_ms != 0) {
    set_gone(key, gone_ms);
  } else {
    return senseless("has a line that is none: " + std::string(verb));
  }
  return {};
}

Result<> Manifest::read(ByteView bytes) {
  const std::string_view all = as_text(bytes);
  constexpr std::size_t kEndBytes = 13;  // "end 01234567\n"
  std::uint32_t said = 0;
  if (all.size() < kEndBytes) return corrupt("is cut short");
  Words end(all.substr(all.size() - kEndBytes, kEndBytes - 1));
  const ByteView covered = bytes.first(bytes.size() - kEndBytes);
  if (end.next() != "end" || !end.number(said, 16) || !all.ends_with('\n')) return corrupt("is cut short");
  if (engines::crc32c(covered) != said || all.substr(covered.size()) != fmt::format("end {:08x}\n", said))
    return corrupt("fails its checksum");

  std::string_view text = as_text(covered);
  TRY_VOID(read_head(text, said));
  while (!text.empty()) TRY_VOID(read_line(take_line(text)));
  changes_.clear();
  return {};
}

std::string manifest_key(std::uint64_t number) { return fmt::format("{}{:020}", kPrefix, number); }

std::optional<std::uint64_t> parse_manifest_key(std::string_view key) {
  if (!key.starts_with(kPrefix) || key.size() != kPrefix.size() + kDigits) return std::nullopt;
  std::uint64_t number = 0;
  const std::string_view digits = key.substr(kPrefix.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace concord::archive
