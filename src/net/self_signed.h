#pragma once
// A certificate that the hub makes for itself, for a local network that has no authority: browsers ask about it once,
// and people compare its fingerprint. One PEM file, 0600, holds the key (P-256) and the certificate, so that both are
// replaced by one rename.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace concord::net {

struct SelfSigned {
  std::string fingerprint;      // SHA-256 of the certificate, "AB:CD:…"
  std::int64_t expires_ms = 0;  // wall clock
  bool made = false;            // just now
};

/// How long such a certificate holds, and how long before its end it is made anew: browsers take none of more than 398
/// days.
constexpr std::int64_t kSelfSignedDays = 397;
constexpr std::int64_t kRenewDays = 30;

/// The names and addresses by which others reach this machine: "localhost", its own name, with ".local" too where it
/// has no dot, and the addresses of its interfaces that are up.
std::vector<std::string> names_of_this_machine();

/// The certificate in `path`, made (anew) where there is none, where it ends within kRenewDays, or where it does not
/// name all of `names` any more. kUnavailable names the file that cannot be read or written; one that holds something
/// else is kInvalidArgument and left alone.
Result<SelfSigned> keep_self_signed(const std::string& path, const std::vector<std::string>& names,
                                    std::int64_t now_ms);

}  // namespace concord::net
