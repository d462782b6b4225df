#include "audit/chain.h"

#include <charconv>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "json/writer.h"

namespace concord::audit {

namespace {

constexpr std::string_view kSeqField = ",\"seq\":";
constexpr std::string_view kPreviousField = ",\"previous\":\"";
constexpr std::size_t kHashDigits = 64;

std::string hash_of(std::string_view line) { return to_hex(crypto::sha256(as_bytes(line))); }

std::unexpected<Error> broken(std::uint64_t line, const std::string& what) {
  return fail(Error{Code::kCorrupt, "line " + std::to_string(line) + " " + what, {{"line", std::to_string(line)}}});
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view kWords[] = {"done", "refused", "failed"};
  return kWords[static_cast<std::size_t>(outcome)];
}

std::string add_line(const Event& event, std::int64_t time_ms, Head& head) {
  json::Writer out;
  out.begin_object().field("time", format_time(time_ms)).field("action", event.action);
  out.field("outcome", to_string(event.outcome)).field("actor", event.actor).field("target", event.target);
  out.field("address", event.address).field("session", event.session).field("request_id", event.request_id);
  out.key("detail").begin_object();
  for (const auto& [name, value] : event.detail) out.field(name, value);
  out.end().field("seq", head.seq + 1).field("previous", head.hash).end();
  std::string line = std::move(out).take();
  head = {head.seq + 1, hash_of(line)};
  return line;
}

std::optional<LinePlace> place_of(std::string_view line) {
  constexpr std::size_t kTail = kPreviousField.size() + kHashDigits + 2;
  if (line.size() < kTail || !line.starts_with("{\"time\":") || !line.ends_with("\"}")) return std::nullopt;
  const std::string_view front = line.substr(0, line.size() - kTail);
  const std::string_view tail = line.substr(front.size());
  const std::size_t at = front.rfind(kSeqField);
  if (!tail.starts_with(kPreviousField) || at == std::string_view::npos) return std::nullopt;
  LinePlace place;
  const std::string_view digits = front.substr(at + kSeqField.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place.seq);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  place.previous = tail.substr(kPreviousField.size(), kHashDigits);
  return place;
}

Result<> ChainCheck::add(std::string_view line) {
  const std::uint64_t expected = head_.seq + 1;
  const auto place = place_of(line);
  if (!place) return broken(expected, "is not a line of the audit record");
  if (place->seq != expected) return broken(expected, "is missing: number " + std::to_string(place->seq) + " follows");
  if (place->previous != head_.hash) return broken(expected, "does not fit the one before: one of the two was changed");
  head_ = {expected, hash_of(line)};
  return {};
}

}  // namespace concord::audit
