#pragma once
// The order of keys in a JavaScript object: array indices first, ascending, then the others as they came
// (ECMA-262, 10.1.11 OrdinaryOwnPropertyKeys).

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "crdt/any.h"

namespace concord::crdt {

/// The number that `name` is the canonical decimal of, if it is below 2^32 - 1.
std::optional<std::uint32_t> array_index(std::string_view name);

/// Whether JavaScript would list these names in this order, each once.
bool keys_are_ordered(std::span<const std::string_view> names);

/// Members as they were read, brought into JavaScript's order; of equal names the last value counts, at the place of
/// the first. n log n.
void order_members(AnyObject& members);

}  // namespace concord::crdt
