#pragma once
// What every driver of the `bus` port holds its arguments to, so that all refuse the same in the same words.

#include <string>
#include <string_view>

#include "base/result.h"
#include "engines/bus.h"

namespace concord::engines {

Result<> check_bus_name(std::string_view field, const std::string& name);
Result<> check_bus_ttl(std::int64_t ttl_ms);
Result<> check_bus_size(std::string_view field, std::size_t size);
Result<> check_bus_tokens(std::int64_t tokens, const Bus::Filling& filling);
Result<> check_bus_message(const SharedBytes& message);

constexpr std::int64_t kLongestBusTtlMs = 100LL * 365 * 24 * 3600 * 1000;  // what lives longer lives so long

}  // namespace concord::engines
