#include "vault/settings.h"

#include "vault/user_keys.h"

namespace concord::vault {

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"ENCRYPT_AT_REST", SettingType::kBoolean, "true", 0, 0,
       "Whether log records, snapshots and histories are stored encrypted, as they always are where MASTER_KEY is set; "
       "what was encrypted is read in any case."},
      {"MASTER_KEY", SettingType::kString, "", 0, 100,
       "32 bytes in base64 that wrap all users' keys; empty: the file master.key in DATA, made at the first start that "
       "encrypts.",
       true},
      {"MASTER_KEYS_PREVIOUS", SettingType::kString, "", 0, 1000,
       "Earlier master keys, separated by commas; the hub wraps anew with MASTER_KEY what they wrap.", true},
  };
  return rows;
}

namespace {

/// What is left of users whose keys were destroyed needs no master key.
Task<bool> any_key(engines::Blobs& blobs) {
  constexpr std::size_t kPage = 1000;
  std::string after;
  for (;;) {
    CO_TRY(const auto infos, co_await blobs.list("keys/", after, kPage));
    std::vector<std::string> names;
    names.reserve(infos.size());
    for (const engines::BlobInfo& info : infos) names.push_back(info.key);
    if (UserKeys::any(names)) co_return true;
    if (infos.size() < kPage) co_return false;
    after = infos.back().key;
  }
}

}  // namespace

Task<Options> options_from(const Config& config, std::string data_directory, engines::Blobs& blobs, Logger logger) {
  // The names of all users are read only where no mark tells of their keys (user_keys.h).
  CO_TRY(const auto marks, co_await blobs.list("masters/", "", 1));
  bool wrapped = !marks.empty();
  if (!wrapped) {
    CO_TRY(wrapped, co_await any_key(blobs));
  }
  Options options;
  options.sealing = config.boolean("ENCRYPT_AT_REST") || !config.string("MASTER_KEY").empty();
  if (!options.sealing && !wrapped) co_return options;  // nothing to wrap, and nothing wrapped
  const auto files = engines::make_posix_file_system();
  const MasterKeyFile file{.path = data_directory + "/master.key", .may_make = !wrapped};
  CO_TRY(options.masters,
         load_master_keys(config.string("MASTER_KEY"), config.string("MASTER_KEYS_PREVIOUS"), file, *files, logger));
  co_return options;
}

}  // namespace concord::vault
