#include "app/audit_command.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "app/settings.h"
#include "audit/verify.h"
#include "base/async.h"
#include "engines/open.h"
#include "engines/sqlite_tables.h"

namespace concord::app {

namespace {

constexpr std::string_view kHelp = R"(concord audit verify [--data DIR | --file FILE] [--known SEQ:HASH]

Reads the audit record from its first line to its last and holds every line against the one before. The hub may be running.

  --file FILE         the lines in FILE, as AUDIT_FILE has them, instead of the hub's tables
  --known SEQ:HASH    a line that was noted earlier (as `head` of GET /audit or of this command): it must still be there.
                      This alone finds a record of which the end was cut off, or which was made anew as a whole.

Exit status 1 where something was changed, removed, put in or moved.
)";

struct Words {
  std::vector<std::string> settings;
  std::optional<std::string> file;
  std::optional<audit::Head> known;
};

Result<audit::Head> parse_known(const std::string& text) {
  const std::size_t colon = text.find(':');
  audit::Head known{.hash = text.substr(std::min(colon, text.size() - 1) + 1)};
  const bool digits =
      colon != std::string::npos && colon > 0 && colon < 16 &&
      std::all_of(
          text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || known.hash.size() != 64)
    return fail(Code::kInvalidArgument, "--known wants a number, ':' and a hash of 64 digits");
  known.seq = std::stoull(text.substr(0, colon));
  return known;
}

Result<Words> parse(std::span<const std::string> words) {
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--file" && words[i] != "--known") {
      out.settings.push_back(words[i]);
      continue;
    }
    if (i + 1 == words.size() || words[i + 1].empty()) return fail(Code::kInvalidArgument, words[i] + " wants a value");
    if (words[i] == "--file") {
      out.file = words[++i];
    } else {
      TRY(out.known, parse_known(words[++i]));
    }
  }
  return out;
}

Result<audit::Head> verify_file(const std::string& path, audit::Verifier& verifier) {
  std::ifstream in(path);
  if (!in) return fail(Code::kNotFound, "cannot read \"" + path + "\"");
  for (std::string line; std::getline(in, line);) TRY_VOID(verifier.add(line));
  return verifier.finish();
}

Result<audit::Head> verify_hub(const Config& config, audit::Verifier& verifier) {
  const engines::EnginesOptions options = engines::options_from(config, config.string("DATA"));
  TRY(const std::string path, engines::database_path(options));
  if (!std::ifstream(path)) return fail(Code::kNotFound, "there is no hub's database at \"" + path + "\"");
  Reactors reactors(1);
  reactors.start();
  SystemClock clock;
  Metrics metrics;
  engines::SqliteTablesOptions tables_options;
  tables_options.connection.path = path;
  auto verified = [&]() -> Result<audit::Head> {
    TRY(const auto tables, engines::SqliteTables::open(std::move(tables_options), clock, Logger(), metrics));
    return wait_for(reactors.at(0), audit::verify_tables(*tables, verifier));
  }();
  reactors.stop();
  return verified;
}

int wrong(std::ostream& errors, std::string_view what) {
  errors << "concord: " << what << "\nTry `concord audit --help`.\n";
  return 2;
}

}  // namespace

int run_audit_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors) {
  if (words.empty() || std::ranges::find(words, "--help") != words.end()) {
    (words.empty() ? errors : out) << kHelp;
    return words.empty() ? 2 : 0;
  }
  if (words.front() != "verify") return wrong(errors, "there is no command \"audit " + words.front() + "\"");
  auto parsed = parse(words.subspan(1));
  if (!parsed) return wrong(errors, parsed.error().message);
  auto config = Config::load(all_settings(), parsed->settings, environment());
  if (!config) return wrong(errors, config.error().message);
  audit::Verifier verifier(parsed->known);
  auto head = parsed->file ? verify_file(*parsed->file, verifier) : verify_hub(*config, verifier);
  if (!head) {
    errors << "concord: the audit record: " << head.error().message << "\n";
    return 1;
  }
  out << head->seq << " lines, whole; head " << head->seq << ":" << head->hash << "\n";
  return 0;
}

}  // namespace concord::app
