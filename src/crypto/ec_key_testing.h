#pragma once
// The private half of an ES256 key, as an authenticator has it.

#include <memory>

#include "base/bytes.h"

namespace concord::testing {

class EcSigningKey {
 public:
  EcSigningKey();  // a new one
  ~EcSigningKey();
  EcSigningKey(const EcSigningKey&) = delete;
  EcSigningKey& operator=(const EcSigningKey&) = delete;

  Bytes x() const;
  Bytes y() const;
  Bytes sign(ByteView input) const;  // DER

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::testing
