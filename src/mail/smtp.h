#pragma once
// One delivery by SMTP (RFC 5321), by libcurl. Blocks.

#include <atomic>
#include <string>

#include "mail/mailer.h"

namespace concord::mail {

enum class Delivery : std::uint8_t { kSent, kLater, kNever };

struct Delivered {
  Delivery outcome = Delivery::kLater;
  std::string problem;  // where it was not sent
};

/// `content` is the whole message. Ends soon after `stopping` is set, as kLater.
Delivered deliver(const Options& options, const std::string& to, const std::string& content,
                  const std::atomic<bool>& stopping);

/// Whether the host of an SMTP URL is this machine: then the connection may go without TLS.
bool is_local(std::string_view url);

}  // namespace concord::mail
