#pragma once
// What a call that can fail returns. Inside the program errors are values; the gateway alone maps a Code to an
// HTTP status, a WebSocket close code or a gRPC status.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concord {

enum class Code : std::uint8_t {
  kInvalidArgument,   // the caller's input is wrong; saying it again will not help
  kUnauthenticated,   // who is calling is not known, or no longer
  kPermissionDenied,  // known, but not allowed; where existence itself is private, use kNotFound
  kNotFound,
  kConflict,     // the state has moved on: a version, a name that exists
  kTooLarge,     // over a limit that the configuration names
  kRateLimited,  // slow down, then try again
  kUnavailable,  // try again later: an engine is away, a disk is full, the node is draining
  kTimeout,
  kFenced,       // an older epoch than the log has seen; this owner must stop
  kCorrupt,      // stored bytes fail their check
  kUnsupported,  // understood and not served
  kInternal,
};

/// The stable snake_case word for a code, as it stands in logs, metrics and problem details.
std::string_view to_string(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;                                       // one sentence for people; never a secret
  std::vector<std::pair<std::string, std::string>> context;  // e.g. {"field","name"}, {"limit","255"}

  /// The same error with one more fact; the first fact of a name wins when it is shown.
  Error with(std::string name, std::string value) && {
    context.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }
};

/// A T or an Error. `Result<>` carries only success.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(std::expected<T, Error> other) : std::expected<T, Error>(std::move(other)) {}
};

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message), {}});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace concord

#define CONCORD_JOIN_(a, b) a##b
#define CONCORD_JOIN(a, b) CONCORD_JOIN_(a, b)
#define CONCORD_TRY_(ret, tmp, decl, expr)               \
  auto tmp = (expr);                                     \
  if (!tmp) ret ::concord::fail(std::move(tmp).error()); \
  decl = std::move(*tmp)
#define CONCORD_CHECKED_(ret, tmp, expr) \
  if (auto tmp = (expr); !tmp) ret ::concord::fail(std::move(tmp).error())

/// `TRY(auto x, f());` binds the value or returns the error. `CO_TRY` is the same inside a coroutine.
#define TRY(decl, expr) CONCORD_TRY_(return, CONCORD_JOIN(try_, __LINE__), decl, expr)
#define CO_TRY(decl, expr) CONCORD_TRY_(co_return, CONCORD_JOIN(try_, __LINE__), decl, expr)
/// `TRY_VOID(f());` for a Result<> whose value is not needed.
#define TRY_VOID(expr) CONCORD_CHECKED_(return, CONCORD_JOIN(try_, __LINE__), expr)
#define CO_TRY_VOID(expr) CONCORD_CHECKED_(co_return, CONCORD_JOIN(try_, __LINE__), expr)
