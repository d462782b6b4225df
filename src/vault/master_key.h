#pragma once
// The master key: 32 random bytes that wrap all users' keys and nothing else. It comes from MASTER_KEY; where that is
// not set, from the file `master.key` in the data directory, made with mode 0600 at the first start that encrypts. It
// is never in a backup made by this program: whoever has both reads everything, and without it nobody reads anything.

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "engines/file_system.h"

namespace concord::vault {

struct MasterKey {
  crypto::AeadKey key;
  std::string id;  // 16 hexadecimal digits that tell keys apart and nothing about them
};

/// Base64 (either alphabet, padding or not) of 32 bytes; kInvalidArgument otherwise. `field` names the setting.
Result<MasterKey> parse_master_key(std::string_view field, std::string_view base64);

struct MasterKeys {
  MasterKey current;                // wraps
  std::vector<MasterKey> previous;  // only unwrap
  /// Null where none has that id.
  const MasterKey* find(std::string_view id) const;
};

/// Where the key comes from that is not configured.
struct MasterKeyFile {
  std::string path;
  bool may_make = false;  // nothing is wrapped yet, so a key that is not there can be made
};

/// `configured`: MASTER_KEY, may be empty; `previous`: MASTER_KEYS_PREVIOUS, separated by commas. The file is read
/// where `configured` is empty. kNotFound where it is missing and may not be made.
Result<MasterKeys> load_master_keys(std::string_view configured, std::string_view previous, const MasterKeyFile& file,
                                    engines::FileSystem& files, const Logger& logger);

}  // namespace concord::vault
