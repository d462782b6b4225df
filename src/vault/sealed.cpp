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
  fixed_bytes_ = head_.size();
  aead_ = aead_for(key, salt);
}

Bytes Sealer::seal(std::string_view place, ByteView plain) {
  const std::uint64_t number = next_number_++;
  head_.resize(fixed_bytes_);
  write_varuint(head_, number);
  const std::size_t head_bytes = head_.size();
  append(head_, as_bytes(place));
  Bytes out(head_bytes + plain.size() + crypto::kAeadTagBytes);
  std::copy_n(head_.begin(), head_bytes, out.begin());
  aead_.seal(nonce_of(number), {head_}, plain, out.data() + head_bytes);
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
  return last_->aead.open(nonce_of(header.number), {head, as_bytes(place)}, sealed.subspan(header.size_bytes));
}

}  // namespace concord::vault
