#include "s3/listing.h"

#include <algorithm>

#include "engines/blobs.h"

namespace concord::s3 {
namespace {

bool can_be_in_key(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == '/';
}

}  // namespace

bool can_begin_key(std::string_view prefix) {
  return prefix.size() <= engines::kMaxBlobKeyBytes && std::ranges::all_of(prefix, can_be_in_key);
}

std::string start_after(std::string_view after) {
  after = after.substr(0, engines::kMaxBlobKeyBytes);
  const auto strange = std::ranges::find_if_not(after, can_be_in_key);
  std::string out(after.begin(), strange);
  if (strange == after.end()) return out;
  // No key has this byte. One below all that keys have leaves out nothing; one above them is as good as '~'.
  const auto byte = static_cast<unsigned char>(*strange);
  if (byte >= 0x7f) return out + '~';
  if (byte > ' ') out += *strange;
  return out;
}

}  // namespace concord::s3
