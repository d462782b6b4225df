#pragma once
// The certificates by which the nodes of a hub know each other, made without anything else installed: an authority of
// the hub's own in a directory, and for each node a certificate that it signed. Keys are P-256.
//
//   ca.pem        the authority's certificate, for 10 years: every node needs it (NODE_CA)
//   ca.key        its key, 0600: who has it can make nodes; no node needs it
//   NAME.pem      a node's certificate, which names it (NODE_CERTIFICATE)
//   NAME.key      its key, 0600 (NODE_KEY)

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::link {

struct NodeCertificate {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::int64_t expires_ms = 0;  // wall clock
  std::string ca_fingerprint;   // SHA-256, "AB:CD:…"
  bool made_authority = false;  // there was none in the directory
};

constexpr std::int64_t kNodeCertificateDays = 825;
constexpr std::int64_t kMaxCertificateDays = 3650;

/// Makes a node's certificate and key, anew where there are some, and the authority where there is none. `now_ms` is
/// the wall clock. `node` is 1 to 200 bytes that may stand in a file's name; kInvalidArgument otherwise, and where the
/// directory holds an authority that does not load. kUnavailable names a file that cannot be read or written.
Result<NodeCertificate> make_node_certificate(const std::string& directory, const std::string& node, std::int64_t days,
                                              std::int64_t now_ms);

}  // namespace concord::link
