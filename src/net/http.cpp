#include "net/http.h"

#include <algorithm>
#include <cassert>

namespace concord::net {

std::string_view Request::header(std::string_view name) const {
  for (const Header& h : headers)
    if (h.name == name) return h.value;
  return {};
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

const std::string& Request::parameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  assert(found != parameters.end());
  return found->second;
}

}  // namespace concord::net
