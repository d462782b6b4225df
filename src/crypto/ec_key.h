#pragma once
// Public keys of ES256 (ECDSA on P-256 with SHA-256; FIPS 186-4, RFC 7518, 3.4). Values: copies share one immutable
// key. Any thread.

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::crypto {

class EcVerifyingKey {
 public:
  /// From the big-endian coordinates, 32 bytes each. kInvalidArgument where they are no point of the curve.
  static Result<EcVerifyingKey> from_point(ByteView x, ByteView y);

  /// `signature` is the DER form of ECDSA-Sig-Value (RFC 3279, 2.2.3).
  bool verify(ByteView input, ByteView signature) const;

 private:
  struct State;
  explicit EcVerifyingKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared by copies
};

}  // namespace concord::crypto
