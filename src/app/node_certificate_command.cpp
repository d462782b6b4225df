#include "app/node_certificate_command.h"

#include <charconv>
#include <string_view>

#include "base/clock.h"
#include "link/certificates.h"

namespace concord::app {

namespace {

constexpr std::string_view kHelp = R"(concord node-certificate --ca DIR --node NAME [--days N]

Makes the certificate and the key by which a node of a hub shows others who it is, and the authority that signs them
where DIR has none yet. Once more for the same node, it makes both anew.

  --ca DIR      where ca.pem and ca.key are, or will be, and where NAME.pem and NAME.key are put
  --node NAME   what the node is called (NODE_NAME)
  --days N      how long the certificate is good for: 825 unless given, 3650 at most

A node needs ca.pem (NODE_CA), NAME.pem (NODE_CERTIFICATE) and NAME.key (NODE_KEY). Keep ca.key off the nodes: whoever
has it can make a node of this hub.
)";

struct Words {
  std::string directory;
  std::string node;
  std::int64_t days = link::kNodeCertificateDays;
};

Result<Words> parse(std::span<const std::string> words) {
  Words parsed;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& flag = words[i];
    if (flag != "--ca" && flag != "--node" && flag != "--days")
      return fail(Code::kInvalidArgument, "node-certificate knows no \"" + flag + "\"");
    if (i + 1 == words.size() || words[i + 1].empty()) return fail(Code::kInvalidArgument, flag + " wants a value");
    const std::string& value = words[i + 1];
    if (flag == "--ca") {
      parsed.directory = value;
    } else if (flag == "--node") {
      parsed.node = value;
    } else {
      const char* end = value.data() + value.size();
      const auto [at, failure] = std::from_chars(value.data(), end, parsed.days);
      if (failure != std::errc() || at != end)
        return fail(Code::kInvalidArgument, "--days wants a number, not \"" + value + "\"");
    }
  }
  if (parsed.directory.empty()) return fail(Code::kInvalidArgument, "--ca DIR is missing");
  if (parsed.node.empty()) return fail(Code::kInvalidArgument, "--node NAME is missing");
  return parsed;
}

}  // namespace

int run_node_certificate_command(std::span<const std::string> words, std::int64_t now_ms, std::ostream& out,
                                 std::ostream& errors) {
  if (!words.empty() && (words.front() == "--help" || words.front() == "-h")) {
    out << kHelp;
    return 0;
  }
  const auto parsed = parse(words);
  if (!parsed) {
    errors << "concord: " << parsed.error().message << "\nTry `concord node-certificate --help`.\n";
    return 2;
  }
  const auto made = link::make_node_certificate(parsed->directory, parsed->node, parsed->days, now_ms);
  if (!made) {
    errors << "concord: " << made.error().message << "\n";
    return made.error().code == Code::kInvalidArgument ? 2 : 1;
  }
  if (made->made_authority) out << "Made an authority for the nodes of a hub; keep ca.key off the nodes.\n";
  out << "The authority's SHA-256 fingerprint is " << made->ca_fingerprint << "\n"
      << "The certificate of \"" << parsed->node << "\" is good until " << format_time(made->expires_ms) << "\n\n"
      << "NODE_NAME=" << parsed->node << "\n"
      << "NODE_CA=" << made->ca_file << "\n"
      << "NODE_CERTIFICATE=" << made->certificate_file << "\n"
      << "NODE_KEY=" << made->key_file << "\n";
  return 0;
}

}  // namespace concord::app
