#pragma once
// The routes by which users keep their agents.

#include <functional>
#include <optional>

#include "identity/agents.h"
#include "identity/identity.h"
#include "net/http.h"

namespace concord::identity {

class AgentRoutes {
 public:
  /// `changed` is called after an agent was changed or removed, with the session that a token of its that no longer
  /// counts may have open.
  AgentRoutes(Dependencies& dependencies, Identity& identity, Agents& agents,
              std::function<void(std::optional<SessionId>)> changed)
      : on_(dependencies), identity_(identity), agents_(agents), changed_(std::move(changed)) {}

  void add_to(net::Router& router);

 private:
  struct Asked {
    Principal who;
    AgentRow row;
  };
  Task<net::Response> create(net::Request request);
  Task<net::Response> list(net::Request request);
  Task<net::Response> read(net::Request request);
  Task<net::Response> change(net::Request request);
  Task<net::Response> renew_token(net::Request request);
  Task<net::Response> remove(net::Request request);

  /// The caller's agent of the path.
  Task<Asked> asked(const net::Request& request);
  Task<> record(std::string action, const Principal& who, const AgentRow& row, const net::Request& request);

  Dependencies& on_;
  Identity& identity_;
  Agents& agents_;
  const std::function<void(std::optional<SessionId>)> changed_;
};

}  // namespace concord::identity
