#pragma once
// The HTTP message and route types that services speak. No socket and no Beast here: a handler is a function
// from a Request to a Response, called on the reactor of its connection.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace concord {
class Reactor;
}

namespace concord::net {

class WebSocketHandler;

struct Header {
  std::string name;  // lower case
  std::string value;
};

struct Request {
  std::string method;  // upper case
  std::string path;    // percent-decoded, begins with '/'; "." and ".." segments were refused
  std::vector<std::pair<std::string, std::string>> query;       // decoded, in order
  std::vector<std::pair<std::string, std::string>> parameters;  // what the route's {names} matched
  std::vector<Header> headers;
  std::string body;
  std::string peer_address;  // without the port
  std::string request_id;    // made here, or taken over from a well-formed X-Request-Id
  std::string host;
  bool secure = false;             // came over TLS
  bool websocket_upgrade = false;  // a valid RFC 6455 opening handshake

  /// The first header of that (lower-case) name, or "".
  std::string_view header(std::string_view name) const;
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// What the route's {name} matched; asserts that the route has it.
  const std::string& parameter(std::string_view name) const;
};

/// Hands the connection over to the WebSocket engine of a reactor after the 101 response.
struct Upgrade {
  Reactor* reactor = nullptr;                 // where the connection lives from now on
  std::shared_ptr<WebSocketHandler> handler;  // receives on_open with `state` first
  std::shared_ptr<void> state;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  SharedBytes shared_body;         // where set, sent in place of `body` without a copy
  std::optional<Upgrade> upgrade;  // only for a request with websocket_upgrade

  void set(std::string name, std::string value) { headers.push_back({std::move(name), std::move(value)}); }
};

using Handler = std::function<Task<Response>(Request)>;

/// What a route's requests count towards: the caller's rate, or, where passwords and secrets can be guessed by it, the
/// lower one of signing in; or nothing. kSession: the caller's where the request opens a session, and where it names
/// one by `sid` in its query, a higher one of the address's.
enum class Rate : std::uint8_t { kCaller, kSignIn, kNone, kSession };

struct Route {
  std::string method;
  std::string pattern;  // "/documents/{id}/share"; a last "{name...}" takes the rest of the path
  Handler handler;
  std::size_t body_limit_bytes = 0;  // 0: the server's default
  bool trusted_pages_only = false;   // refused to pages of any origin but the hub's own and the allowed ones
  Rate rate = Rate::kCaller;
  bool live_session = false;  // its requests stand for a WebSocket, and are refused to pages that may not open one
};

/// Matches segments exactly; a literal segment wins over a {name}. Built before the server starts, then only
/// read.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  /// Asserts that no route with the same method and shape exists.
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: no such path, or no such method
    std::vector<std::pair<std::string, std::string>> parameters;
    std::vector<std::string> allowed;  // methods the path has, where `route` is null: empty means 404, else 405
  };
  /// HEAD matches a GET route.
  Match match(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::net
