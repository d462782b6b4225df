#include "redis/slot_map.h"

#include <algorithm>
#include <charconv>

namespace concord::redis {
namespace {

using Kind = RespValue::Kind;

std::unexpected<Error> no_answer() { return fail(Code::kCorrupt, "the server's answer to CLUSTER SLOTS is none"); }

std::optional<std::uint16_t> slot_in(const RespValue& value) {
  if (value.kind != Kind::kInteger || value.integer < 0 || value.integer >= kKeySlots) return std::nullopt;
  return static_cast<std::uint16_t>(value.integer);
}

std::optional<std::uint16_t> port_in(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

struct Range {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  Endpoint master;
};

/// [first, last, [host, port, …] of the master, of a replica…]; no master where it does not say who that is.
Result<std::optional<Range>> read_range(const RespValue& value, const Endpoint& asked) {
  if (value.kind != Kind::kArray || value.items.size() < 2) return no_answer();
  const auto first = slot_in(value.items[0]);
  const auto last = slot_in(value.items[1]);
  if (!first || !last || *first > *last) return no_answer();
  if (value.items.size() == 2) return std::optional<Range>();
  const RespValue& master = value.items[2];
  if (master.kind != Kind::kArray || master.items.size() < 2) return no_answer();
  const std::string_view host = master.items[0].text();
  const RespValue& port = master.items[1];
  if (port.kind != Kind::kInteger || port.integer < 0 || port.integer > 65'535) return no_answer();
  if (host == "?" || port.integer == 0) return std::optional<Range>();
  Range range{*first, *last, {std::string(host.empty() ? asked.host : host), static_cast<std::uint16_t>(port.integer)}};
  return std::optional<Range>(std::move(range));
}

/// "KIND SLOT HOST:PORT" without its kind.
std::optional<Endpoint> read_redirection(std::string_view rest, const Endpoint& asked) {
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(space + 1);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = port_in(rest.substr(colon + 1));
  const std::string_view host = rest.substr(0, colon);
  if (!port || host == "?" || host.size() > 253) return std::nullopt;
  return Endpoint{std::string(host.empty() ? asked.host : host), *port};
}

}  // namespace

SlotMap::SlotMap() { owner_of_.fill(kNobody); }

Result<> SlotMap::read(const RespValue& slots, const Endpoint& asked) {
  if (slots.kind != Kind::kArray) return no_answer();
  std::vector<Range> ranges;
  for (const RespValue& each : slots.items) {
    TRY(auto range, read_range(each, asked));
    if (range) ranges.push_back(std::move(*range));
  }
  owner_of_.fill(kNobody);
  nodes_.clear();
  for (const Range& range : ranges) {
    std::fill(owner_of_.begin() + range.first, owner_of_.begin() + range.last + 1, index_of(range.master));
  }
  return {};
}

const Endpoint* SlotMap::owner(std::uint16_t slot) const {
  const std::uint16_t index = owner_of_[slot % kKeySlots];
  return index == kNobody ? nullptr : &nodes_[index];
}

void SlotMap::set_owner(std::uint16_t slot, const Endpoint& owner) { owner_of_[slot % kKeySlots] = index_of(owner); }

std::set<Endpoint> SlotMap::owners() const {
  std::set<Endpoint> found;
  for (const std::uint16_t index : owner_of_) {
    if (index != kNobody) found.insert(nodes_[index]);
  }
  return found;
}

/// There are never more nodes than slots: who owns none any more is forgotten when all are read again.
std::uint16_t SlotMap::index_of(const Endpoint& endpoint) {
  const auto found = std::ranges::find(nodes_, endpoint);
  const auto index = static_cast<std::uint16_t>(found - nodes_.begin());
  if (found == nodes_.end() && nodes_.size() < kNobody) nodes_.push_back(endpoint);
  return index;
}

Advice advice_in(const RespValue& answer, const Endpoint& asked) {
  if (!answer.is_error()) return {};
  const std::string_view text = answer.text();
  const std::string_view kind = text.substr(0, text.find(' '));
  const std::string_view rest = text.substr(std::min(kind.size() + 1, text.size()));
  if (kind == "MOVED" || kind == "ASK") {
    const auto to = read_redirection(rest, asked);
    if (!to) return {.kind = Advice::Kind::kTryAgain};
    return {.kind = kind == "ASK" ? Advice::Kind::kAsk : Advice::Kind::kMoved, .to = *to};
  }
  for (const std::string_view again : {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY", "BUSY"}) {
    if (kind == again) return {.kind = Advice::Kind::kTryAgain};
  }
  if (kind == "NOSCRIPT") return {.kind = Advice::Kind::kNoScript};
  return {};
}

}  // namespace concord::redis
