#pragma once
// How a page of the port's list is asked of S3.

#include <string>
#include <string_view>

namespace concord::s3 {

/// Whether a key can begin with `prefix`.
bool can_begin_key(std::string_view prefix);

/// Any bytes as what S3 takes: of all keys, the same ones sort after it that sort after `after`, and perhaps some more,
/// which begin with what `after` begins with. At most 513 bytes of printable ASCII.
std::string start_after(std::string_view after);

}  // namespace concord::s3
