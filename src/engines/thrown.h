#pragma once
// What the body of a transaction threw ends at the driver: a transaction fails as a value.

#include <exception>

#include "base/result.h"

namespace concord::engines {

/// kUnavailable where it was cancelled, else kInternal with the exception's words.
Error error_of_thrown(const std::exception_ptr& thrown);

}  // namespace concord::engines
