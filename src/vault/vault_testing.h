#pragma once
// A vault for tests of what is stored through it.

#include "crypto/random.h"
#include "vault/vault.h"

namespace concord::testing {

inline vault::MasterKeys some_master_keys() {
  return {.current = {.key = crypto::random_array<32>(), .id = "0123456789abcdef"}, .previous = {}};
}

}  // namespace concord::testing
