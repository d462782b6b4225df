#include "documents/write_identity.h"

#include <algorithm>

#include "base/varint.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace concord::documents {

WriteIdentity identify(DocumentId id, const std::string& author, Format format, std::string_view content,
                       std::uint64_t version) {
  Bytes all;
  for (const std::string& part : {id.str(), author, std::to_string(static_cast<int>(format)), std::to_string(version)})
    write_var_string(all, part);
  append(all, as_bytes(content));
  const crypto::Sha256 digest = crypto::sha256(all);
  const std::uint64_t number = get_le<std::uint64_t>(digest.data()) & crdt::kMaxClient;
  return {crdt::ClientId{std::max<std::uint64_t>(number, 1)}, {author, to_hex(ByteView(digest).first(16)), 1}};
}

crdt::ClientId fresh_client() {
  const auto bytes = crypto::random_array<8>();
  return crdt::ClientId{std::max<std::uint64_t>(get_le<std::uint64_t>(bytes.data()) & crdt::kMaxClient, 1)};
}

}  // namespace concord::documents
