#include "vault/master_key.h"

#include <algorithm>

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace concord::vault {

namespace {

constexpr std::size_t kMaxFileBytes = 1024;

std::string id_of(const crypto::AeadKey& key) {
  // A derived value, so that the id, which stands in names of objects, is no digest of the key itself.
  const crypto::AeadKey name = crypto::derive_key(key, {}, as_bytes("concord master key id"));
  return to_hex(ByteView(name).first(8));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<MasterKey> make_file(const std::string& path, engines::FileSystem& files, const Logger& logger) {
  MasterKey made{.key = crypto::random_array<32>(), .id = {}};
  made.id = id_of(made.key);
  TRY_VOID(engines::replace_file(files, path, as_bytes(crypto::base64_encode_unpadded(made.key) + "=\n")));
  logger.warn(
      "a master key was made: keep a copy of this file apart from your backups; without it nobody can read them",
      {{"file", path}, {"id", made.id}});
  return made;
}

}  // namespace

Result<MasterKey> parse_master_key(std::string_view field, std::string_view base64) {
  std::string_view text = trimmed(base64);
  while (text.ends_with('=')) text.remove_suffix(1);
  auto bytes = crypto::base64_decode_unpadded(text);
  if (!bytes) bytes = crypto::base64url_decode(text);
  if (!bytes || bytes->size() != 32) {
    const std::string found = bytes ? std::to_string(bytes->size()) + " bytes" : "something that is not base64";
    return fail(Error{Code::kInvalidArgument,
                      std::string(field) + " must be 32 bytes in base64 (openssl rand -base64 32), and is " + found,
                      {{"field", std::string(field)}}});
  }
  MasterKey key;
  std::ranges::copy(*bytes, key.key.begin());
  key.id = id_of(key.key);
  return key;
}

const MasterKey* MasterKeys::find(std::string_view id) const {
  if (current.id == id) return &current;
  const auto found = std::ranges::find(previous, id, &MasterKey::id);
  return found == previous.end() ? nullptr : &*found;
}

Result<MasterKeys> load_master_keys(std::string_view configured, std::string_view previous, const MasterKeyFile& file,
                                    engines::FileSystem& files, const Logger& logger) {
  MasterKeys keys;
  while (!previous.empty()) {
    const auto comma = previous.find(',');
    TRY(MasterKey key, parse_master_key("MASTER_KEYS_PREVIOUS", previous.substr(0, comma)));
    keys.previous.push_back(std::move(key));
    previous = comma == std::string_view::npos ? std::string_view{} : previous.substr(comma + 1);
  }
  if (!configured.empty()) {
    TRY(keys.current, parse_master_key("MASTER_KEY", configured));
    return keys;
  }
  const auto content = engines::read_file(files, file.path, kMaxFileBytes);
  if (content) {
    TRY(keys.current, parse_master_key("the file " + file.path, as_text(*content)));
    return keys;
  }
  if (content.error().code != Code::kNotFound) return fail(content.error());
  if (!file.may_make) {
    return fail(Error{Code::kNotFound,
                      "the master key is missing: what is stored was encrypted under it. Put the file " + file.path +
                          " back, or set MASTER_KEY",
                      {{"field", "MASTER_KEY"}}});
  }
  TRY(keys.current, make_file(file.path, files, logger));
  return keys;
}

}  // namespace concord::vault
