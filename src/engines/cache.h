#pragma once
// The `cache` port: values that may be gone, old or damaged at any time, so who reads one must be able to tell whether
// it is what was wanted, and to do without. Not every hub has one: what lies beside the process needs none. Any
// reactor.

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/task.h"

namespace concord::engines {

class Cache {
 public:
  virtual ~Cache() = default;
  /// A value is kept for a time after its last use. Takes a short while at most; kUnavailable where the engine is away
  /// or slow.
  virtual Task<std::optional<Bytes>> get(std::string key) = 0;
  /// Keeps it if it can, and does not wait. What is larger than the driver takes is as good as lost at once.
  virtual void put(std::string key, SharedBytes value) = 0;
  /// Removes it if it can, and does not wait. After the puts of this process that came before.
  virtual void erase(std::string key) = 0;
  /// The largest value that is kept.
  virtual std::size_t max_value_bytes() const = 0;
};

}  // namespace concord::engines
