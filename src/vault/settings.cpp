#include "vault/settings.h"

namespace concord::vault {

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"ENCRYPT_AT_REST", SettingType::kBoolean, "false", 0, 0,
       "Whether log records, snapshots and histories are stored encrypted, as they are where MASTER_KEY is set; what "
       "was encrypted is read in any case."},
      {"MASTER_KEY", SettingType::kString, "", 0, 100,
       "32 bytes in base64 that wrap all users' keys; empty: the file master.key in DATA, made at the first start that "
       "encrypts.",
       true},
      {"MASTER_KEYS_PREVIOUS", SettingType::kString, "", 0, 1000,
       "Earlier master keys, separated by commas; the hub wraps anew with MASTER_KEY what they wrap.", true},
  };
  return rows;
}

Task<Options> options_from(const Config& config, std::string data_directory, engines::Blobs& blobs, Logger logger) {
  // The names of all users are read only where no mark tells of their keys (user_keys.h).
  CO_TRY(auto keys, co_await blobs.list("masters/", "", 1));
  if (keys.empty()) {
    CO_TRY(keys, co_await blobs.list("keys/", "", 1));
  }
  Options options;
  options.sealing = config.boolean("ENCRYPT_AT_REST") || !config.string("MASTER_KEY").empty();
  if (!options.sealing && keys.empty()) co_return options;  // nothing to wrap, and nothing wrapped
  const auto files = engines::make_posix_file_system();
  const MasterKeyFile file{.path = data_directory + "/master.key", .may_make = keys.empty()};
  CO_TRY(options.masters,
         load_master_keys(config.string("MASTER_KEY"), config.string("MASTER_KEYS_PREVIOUS"), file, *files, logger));
  co_return options;
}

}  // namespace concord::vault
