#pragma once
// What the readers of providers' answers share: bounds, and the form of their errors.

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/object.h"

namespace concord::identity {

constexpr std::size_t kMaxProviderAnswerBytes = 256U << 10U;
constexpr json::Limits kProviderAnswer{.max_bytes = kMaxProviderAnswerBytes, .max_values = 16'384, .max_depth = 12};
constexpr std::size_t kMaxSubjectBytes = 255;  // OpenID Connect Core 1.0, 2

/// kUnauthenticated with the context `reason`; nothing that a provider said is repeated to people.
inline std::unexpected<Error> not_held(std::string_view reason, std::string message) {
  return fail(Error{Code::kUnauthenticated, std::move(message), {{"reason", std::string(reason)}}});
}
inline std::unexpected<Error> not_held(std::string_view reason, std::string_view what, const Error& why) {
  std::string message = std::string(what) + ": " + why.message;
  return not_held(reason, std::move(message));
}

}  // namespace concord::identity
