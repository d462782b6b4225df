#include "app/cli.h"

#include <algorithm>

#include "app/archive_command.h"
#include "app/audit_command.h"
#include "app/crdt_command.h"
#include "app/doctor_command.h"
#include "app/log_command.h"
#include "app/node_certificate_command.h"
#include "app/serve_command.h"
#include "app/settings.h"
#include "app/short_forms.h"
#include "base/clock.h"

namespace concord::app {

namespace {

constexpr std::string_view kVersion = CONCORD_VERSION;

constexpr std::string_view kHelp = R"(concord COMMAND [--SETTING VALUE …]

  serve               start the hub; `concord serve --help` lists the settings
  gateway             the same as a node that answers clients alone: `serve --roles gateway`
  shard               as one that serves documents alone; `--shard-id N` names it shard-N
  config              print every setting, its value and where it came from; --markdown prints the reference
  doctor              look at the machine, the settings and the engines of a hub, and say what to change
  log                 look at and repair the log of a stopped hub; `concord log --help`
  backup              write everything a hub keeps into an archive; `concord backup --help`
  restore             make a hub's data out of an archive, also as of a time; `concord restore --help`
  audit               hold the audit record's chain of hashes; `concord audit --help`
  node-certificate    make the certificates by which the nodes of a hub know each other; `concord node-certificate --help`
  crdt                look into Yjs updates, merge, cut and convert them; `concord crdt --help`
  version             print the version
  help                print this

Example: concord serve --addr 127.0.0.1:8080 --data ./concord-data
)";

int usage_error(std::ostream& errors, std::string_view what) {
  errors << "concord: " << what << "\nTry `concord help`.\n";
  return 2;
}

bool wants_help(std::span<const std::string> flags) {
  return std::ranges::any_of(flags, [](const std::string& flag) { return flag == "--help" || flag == "-h"; });
}

int print_config(std::span<const std::string> flags, std::ostream& out, std::ostream& errors) {
  if (flags.size() == 1 && flags.front() == "--markdown") {
    out << settings_reference();
    return 0;
  }
  auto config = Config::load(all_settings(), flags, environment());
  if (!config) return usage_error(errors, config.error().message);
  out << config->describe();
  return 0;
}

int print_serve_help(std::ostream& out) {
  out << "concord serve [--SETTING VALUE …]\n\n"
         "Starts a hub. Every setting is a flag, an environment variable, or a line of the file that --config-file "
         "names, in this order.\n\n";
  for (const Setting& setting : all_settings()) {
    std::string flag(setting.name);
    std::ranges::transform(flag, flag.begin(),
                           [](char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
    out << "  --" << flag;
    if (!setting.fallback.empty()) out << " " << setting.fallback;
    out << "\n      " << setting.meaning << "\n";
  }
  return 0;
}

int run_serve_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors) {
  const auto flags = words.subspan(1);
  if (wants_help(flags)) return print_serve_help(out);
  auto config = Config::load(all_settings(), flags, environment());
  if (!config) return usage_error(errors, config.error().message);
  return serve(words, *config, out, errors);
}

}  // namespace

int run_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors) {
  if (words.empty()) return usage_error(errors, "a command is missing");
  const std::string& command = words.front();
  const auto flags = words.subspan(1);
  if (command == "serve") return run_serve_command(words, out, errors);
  if (command == "gateway" || command == "shard") {
    const auto meant = as_serve(words);
    return meant ? run_serve_command(*meant, out, errors) : usage_error(errors, meant.error().message);
  }
  if (command == "config") return print_config(flags, out, errors);
  if (command == "doctor") return run_doctor_command(flags, out, errors);
  if (command == "log") return run_log_command(flags, out, errors);
  if (command == "backup") return run_backup_command(flags, out, errors);
  if (command == "restore") return run_restore_command(flags, out, errors);
  if (command == "audit") return run_audit_command(flags, out, errors);
  if (command == "node-certificate") return run_node_certificate_command(flags, SystemClock().wall_ms(), out, errors);
  if (command == "crdt") return run_crdt_command(flags, out, errors);
  if (command == "version" || command == "--version") {
    out << "concord " << kVersion << "\n";
    return 0;
  }
  if (command == "help" || command == "--help" || command == "-h") {
    out << kHelp;
    return 0;
  }
  return usage_error(errors, "there is no command \"" + command + "\"");
}

}  // namespace concord::app
