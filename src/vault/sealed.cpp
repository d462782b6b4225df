#include "vault/sealed.h"

#include <algorithm>

#include "base/varint.h"
#include "crypto/random.h"

namespace concord::vault {

namespace {

crypto::Aead aead_for(const UserKey& key, const Salt& salt) {
  return crypto::Aead(crypto::derive_key(key.key, salt, as_bytes("concord sealed 1")));
}

crypto::AeadNonce nonce_of(std::uint64_t number) {
  crypto::AeadNonce nonce{};
  for (unsigned i = 0; i < 8; ++i) nonce[11 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return nonce;
}

Bytes associated_with(ByteView header, std::string_view place) {
  Bytes associated;
  associated.reserve(header.size() + place.size());
  append(associated, header);
  append(associated, as_bytes(place));
  return associated;
}

Bytes head_of(UserId owner, std::uint32_t generation, const Salt& salt) {
  Bytes head;
  head.push_back(kSealedMark);
  append(head, owner.uuid());
  write_varuint(head, generation);
  append(head, salt);
  return head;
}

template <std::size_t N>
Result<> take(VarReader& in, std::array<std::uint8_t, N>& out) {
  TRY(const ByteView bytes, in.bytes(N));
  std::ranges::copy(bytes, out.begin());
  return {};
}

Result<SealedHeader> parse(ByteView sealed) {
  VarReader in(sealed);
  TRY(const std::uint8_t mark, in.byte());
  if (mark != kSealedMark) return fail(Code::kCorrupt, "these are not sealed bytes");
  SealedHeader header;
  Uuid owner;
  TRY_VOID(take(in, owner));
  header.owner = UserId(owner);
  TRY(const std::uint64_t generation, in.uint());
  if (generation == 0 || generation > UINT32_MAX) return fail(Code::kCorrupt, "sealed with a generation out of range");
  header.generation = static_cast<std::uint32_t>(generation);
  TRY_VOID(take(in, header.salt));
  TRY(header.number, in.uint());
  header.size_bytes = in.position();
  if (in.rest().size() < crypto::kAeadTagBytes) return fail(Code::kCorrupt, "the sealed bytes end before their tag");
  return header;
}

}  // namespace

Result<SealedHeader> read_sealed_header(ByteView sealed) {
  auto header = parse(sealed);
  if (!header && header.error().code != Code::kCorrupt)
    return fail(Code::kCorrupt, "the sealed bytes are malformed: " + header.error().message);
  return header;
}

Sealer::Sealer(UserId owner, const UserKey& key) : owner_(owner), aead_(crypto::AeadKey{}) {
  const auto salt = crypto::random_array<16>();
  head_ = head_of(owner, key.generation, salt);
  aead_ = aead_for(key, salt);
}

Bytes Sealer::seal(std::string_view place, ByteView plain) {
  const std::uint64_t number = next_number_++;
  Bytes out;
  out.reserve(kMostAdded + plain.size());
  append(out, head_);
  write_varuint(out, number);
  aead_.seal(nonce_of(number), associated_with(out, place), plain, out);
  return out;
}

Result<Bytes> Opener::open(const UserKey& key, const SealedHeader& header, std::string_view place, ByteView sealed) {
  const bool known =
      last_ && last_->owner == header.owner && last_->generation == header.generation && last_->salt == header.salt;
  if (!known) {
    last_.emplace(Last{.owner = header.owner,
                       .generation = header.generation,
                       .salt = header.salt,
                       .aead = aead_for(key, header.salt)});
  }
  const ByteView head = sealed.first(header.size_bytes);
  return last_->aead.open(nonce_of(header.number), associated_with(head, place), sealed.subspan(header.size_bytes));
}

}  // namespace concord::vault
