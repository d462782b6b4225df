#pragma once
// The limits that log.h sets for an append, as every driver checks them before it takes one.

#include <vector>

#include "engines/log.h"

namespace concord::engines {

constexpr std::size_t kMaxLogTextBytes = 64;  // of a stream, a principal, a client

/// kInvalidArgument where there is no record or a payload is null; kTooLarge past a limit, naming the field ("records"
/// for `max_total`). Otherwise what the texts and payloads take, with `bytes_each` for each record besides.
Result<std::size_t> check_records(const std::vector<LogRecord>& records, std::size_t max_total,
                                  std::size_t bytes_each = 64);

}  // namespace concord::engines
