#pragma once
// How a connection begins: name look-up, TCP and the TLS handshake on the opener's side; the handshake and the hello on
// the acceptor's.

#include <chrono>
#include <memory>

#include "base/reactor.h"
#include "base/task.h"
#include "link/frame.h"
#include "link/link.h"
#include "link/tls.h"
#include "link/wire.h"

namespace concord::link {

using Deadline = std::chrono::steady_clock::time_point;

/// A connection to `peer` whose certificate names that node. kUnavailable says why there is none by the deadline.
/// Cancelled, it ends soon.
Task<std::unique_ptr<Wire>> dial(Reactor& reactor, Peer peer, std::shared_ptr<const TlsIdentity> identity,
                                 Deadline deadline);

struct Greeted {
  std::unique_ptr<Wire> wire;
  NodeName from;
  std::uint32_t lane = 0;
};

/// Serves the beginning of a connection that was accepted; `fd` is its own from now on.
Task<Greeted> greet(Reactor& reactor, int fd, std::shared_ptr<const TlsIdentity> identity, Deadline deadline);

}  // namespace concord::link
