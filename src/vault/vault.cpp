#include "vault/vault.h"

namespace concord::vault {

Bytes seal_with(std::optional<Sealer>& sealer, std::string_view place, Bytes plain) {
  return sealer ? sealer->seal(place, plain) : std::move(plain);
}

Task<std::optional<Sealer>> Vault::sealer(UserId owner) {
  if (!sealing_) co_return std::nullopt;
  CO_TRY(const UserKey key, co_await keys_.current(owner));
  co_return Sealer(owner, key);
}

Task<Bytes> Vault::open(Opener& opener, std::string place, Bytes bytes) {
  if (bytes.empty() || bytes.front() != kSealedMark) co_return bytes;
  CO_TRY(const SealedHeader header, read_sealed_header(bytes));
  CO_TRY(const UserKey key, co_await keys_.find(header.owner, header.generation));
  co_return opener.open(key, header, place, bytes);
}

}  // namespace concord::vault
