#include "app/doctor_command.h"

#include <unistd.h>

#include <algorithm>

#include "app/settings.h"
#include "doctor/examine.h"

namespace concord::app {
namespace {

constexpr std::string_view kHelp = R"(concord doctor [--json] [--SETTING VALUE …]

Looks at the machine, the settings and the engines of a hub: the same settings as of `concord serve`. Each line says what was
found, and where it is not well what to change. The hub may be running or not. It reads, and writes only a small file in DATA, a
key in etcd and objects in the bucket, all of which it takes away again.

  --json           one JSON object, for machines

Exit status 0 where nothing worse than a warning was found, 1 for errors, 2 for a wrong command line.
)";

constexpr std::int64_t kMostMs = 90'000;

}  // namespace

int run_doctor_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors) {
  if (std::ranges::any_of(words, [](const std::string& word) { return word == "--help" || word == "-h"; })) {
    out << kHelp;
    return 0;
  }
  std::vector<std::string> settings(words.begin(), words.end());
  const bool as_json = std::erase(settings, "--json") > 0;
  const auto config = Config::load(all_settings(), settings, environment());
  if (!config) {
    errors << "concord: " << config.error().message << "\n";
    return 2;
  }
  const doctor::Examination examination = doctor::examine(*config, kMostMs);
  out << (as_json ? examination.report.json() + "\n" : examination.report.text()) << std::flush;
  const int status = examination.report.worst() == doctor::Level::kError ? 1 : 0;
  if (!examination.is_whole) ::_exit(status);
  return status;
}

}  // namespace concord::app
