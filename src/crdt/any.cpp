#include "crdt/any.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "crdt/any_keys.h"

namespace concord::crdt {

Any::Any() = default;
Any::Any(Undefined v) : value_(v) {}
Any::Any(Null v) : value_(v) {}
Any::Any(bool value) : value_(value) {}
Any::Any(double value) : value_(value) {}
Any::Any(int value) : value_(static_cast<double>(value)) {}
Any::Any(BigInt value) : value_(value) {}
Any::Any(const char* text) : value_(std::string(text)) {}
Any::Any(std::string_view text) : value_(std::string(text)) {}
Any::Any(std::string text) : value_(std::move(text)) {}
Any::Any(Bytes bytes) : value_(std::move(bytes)) {}
Any::Any(AnyArray elements) : value_(std::move(elements)) {}
Any::Any(AnyObject members) : value_(std::move(members)) {}

const Any* Any::find(std::string_view name) const {
  const auto* members = as<AnyObject>();
  if (members == nullptr) return nullptr;
  for (const AnyMember& member : *members)
    if (member.name == name) return &member.value;
  return nullptr;
}

bool Any::operator==(const Any& other) const {
  if (value_.index() != other.value_.index()) return false;
  if (const auto* number = as<double>()) {
    const double theirs = *other.as<double>();
    return *number == theirs || (std::isnan(*number) && std::isnan(theirs));
  }
  if (const auto* members = as<AnyObject>()) {
    const auto& theirs = *other.as<AnyObject>();
    if (members->size() != theirs.size()) return false;
    return std::ranges::all_of(*members, [&](const AnyMember& member) {
      const Any* found = other.find(member.name);
      return found != nullptr && *found == member.value;
    });
  }
  if (const auto* elements = as<AnyArray>()) return *elements == *other.as<AnyArray>();
  return std::visit(
      [&](const auto& mine) {
        using T = std::decay_t<decltype(mine)>;
        if constexpr (std::is_same_v<T, AnyObject> || std::is_same_v<T, AnyArray> || std::is_same_v<T, double>)
          return false;  // handled above
        else
          return mine == std::get<T>(other.value_);
      },
      value_);
}

std::optional<std::uint32_t> array_index(std::string_view name) {
  if (name.empty() || name.size() > 10 || (name.size() > 1 && name[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value >= 0xffff'ffffULL) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

bool keys_are_ordered(std::span<const std::string_view> names) {
  std::optional<std::uint32_t> last_index;
  bool named = false;
  for (const std::string_view name : names) {
    const auto index = array_index(name);
    if (index && (named || (last_index && *last_index >= *index))) return false;
    if (index) last_index = index;
    named = named || !index;
  }
  if (names.size() <= 8) {
    for (std::size_t i = 1; i < names.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (names[i] == names[j]) return false;
    return true;
  }
  std::vector<std::string_view> sorted(names.begin(), names.end());
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) == sorted.end();
}

void order_members(AnyObject& members) {
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const AnyMember& member : members) names.push_back(member.name);
  if (keys_are_ordered(names)) return;

  struct Place {
    bool named;
    std::uint32_t index;
    std::size_t first;
    std::size_t last;
  };
  std::unordered_map<std::string_view, std::size_t> seen;
  std::vector<Place> places;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto [found, fresh] = seen.try_emplace(members[i].name, places.size());
    if (!fresh) {
      places[found->second].last = i;
      continue;
    }
    const auto index = array_index(members[i].name);
    places.push_back({!index, index.value_or(0), i, i});
  }
  std::ranges::sort(places, {}, [](const Place& p) { return std::tuple(p.named, p.index, p.first); });
  AnyObject ordered;
  ordered.reserve(places.size());
  for (const Place& place : places)
    ordered.push_back({members[place.first].name, std::move(members[place.last].value)});
  members = std::move(ordered);
}

void set_member(AnyObject& object, std::string_view name, Any value) {
  for (AnyMember& member : object) {
    if (member.name == name) {
      member.value = std::move(value);
      return;
    }
  }
  auto at = object.end();
  if (const auto index = array_index(name)) {
    at = std::find_if(object.begin(), object.end(), [&](const AnyMember& member) {
      const auto other = array_index(member.name);
      return !other || *other > *index;
    });
  }
  object.insert(at, AnyMember{std::string(name), std::move(value)});
}

}  // namespace concord::crdt
