#pragma once
// Who this node is to others: its certificate and key, and the authority that all nodes of the hub trust.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace concord::link {

/// A certificate names a node by this scheme in a URI of its subject's alternative names: "concord-node:" and the
/// name, in which everything but letters, digits and -._~ is percent-encoded.
constexpr std::string_view kNodeScheme = "concord-node:";
std::string node_uri(std::string_view name);

/// Any thread once made. TLS 1.3 with certificates on both sides, without resumption.
class TlsIdentity {
 public:
  /// kInvalidArgument names the file that does not load, says that certificate and key do not belong together, that
  /// the authority did not sign it, that it has ended, or that it does not name `node`.
  static Result<std::shared_ptr<const TlsIdentity>> load(const std::string& ca_file,
                                                         const std::string& certificate_file,
                                                         const std::string& key_file, const std::string& node);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  /// When this node's certificate ends, wall clock.
  std::int64_t ends_ms() const { return ends_ms_; }
  /// A session's state; null where memory is short. The caller's.
  ssl_st* make_session() const;

 private:
  explicit TlsIdentity(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
  std::int64_t ends_ms_ = 0;
};

/// The nodes that the far side's certificate names, which has been verified; empty where it names none.
std::vector<std::string> node_names_of_peer(ssl_st* session);

/// The oldest failure that OpenSSL has noted for this thread and, where a certificate was turned down, why; forgets
/// them.
std::string tls_reason(const ssl_st* session);

}  // namespace concord::link
