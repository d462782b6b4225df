#include "app/settings.h"

#include "app/cluster.h"
#include "archive/settings.h"
#include "audit/audit.h"
#include "documents/documents.h"
#include "drivers/open.h"
#include "engines/open.h"
#include "gateway/gateway.h"
#include "guard/options.h"
#include "identity/identity.h"
#include "link/options.h"
#include "mail/mailer.h"
#include "net/settings.h"
#include "reconcile/settings.h"
#include "shard/settings.h"
#include "socketio/options.h"
#include "vault/settings.h"

namespace concord::app {

namespace {

std::span<const Setting> own_settings() {
  static const std::vector<Setting> rows{
      {"DATA", SettingType::kString, "./concord-data", 1, 4096,
       "Directory of everything the embedded engines keep (environment: CONCORD_DATA)."},
      {"CONFIG_FILE", SettingType::kString, "", 0, 4096, "A file of settings, one `name = value` a line."},
      {"LOG_LEVEL",
       SettingType::kString,
       "info",
       0,
       0,
       "Least level that is logged.",
       false,
       {"debug", "info", "warn", "error"}},
      {"LOG_FORMAT",
       SettingType::kString,
       "human",
       0,
       0,
       "One line an event, for people or as JSON.",
       false,
       {"human", "json"}},
      {"REACTORS", SettingType::kInteger, "0", 0, 256, "Event loops, one thread each; 0 means one a core."},
      {"BLOCKING_THREADS", SettingType::kInteger, "2", 1, 64, "Threads for what blocks."},
      {"NODE_NAME", SettingType::kString, "", 0, 200,
       "What this node is called where nodes agree on ownership; empty: the machine's name."},
      {"SUPERVISE", SettingType::kBoolean, "true", 0, 0,
       "Whether a small parent process watches over the hub, where ETCD_ENDPOINTS is set: it starts the hub again when "
       "it dies, and lets other nodes take over at once."},
      {"SHUTDOWN_MS", SettingType::kInteger, "8000", 100, 600'000,
       "Time for draining on SIGTERM, before what is left is cut."},
  };
  return rows;
}

}  // namespace

std::vector<Setting> all_settings() {
  std::vector<Setting> all;
  for (std::span<const Setting> part :
       {own_settings(), cluster_settings(), net::settings(), link::settings(), socketio::settings(),
        gateway::settings(), guard::settings(), audit::settings(), identity::settings(), mail::settings(),
        documents::settings(), reconcile::settings(), shard::settings(), vault::settings(), engines::settings(),
        drivers::settings(), archive::settings()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::string settings_reference() {
  return "# Configuration\n\n"
         "Made by `./dev docs` from the program's table of settings. A value comes from the command line, else from "
         "the "
         "environment\n(`CONCORD_` and the setting's name, or but for `ADDR` and `DATA` the name alone), else from the "
         "file that\n`--config-file` names, else it is the default. `concord config` prints what is in force.\n\n" +
         Config::markdown(all_settings());
}

Config::Environment environment() {
  return [process = process_environment()](std::string_view name) -> std::optional<std::string> {
    if (auto value = process("CONCORD_" + std::string(name))) return value;
    if (name == "ADDR" || name == "DATA") return std::nullopt;
    return process(name);
  };
}

}  // namespace concord::app
