#pragma once
// Requests as the server would make them, and a gateway that answers them on a reactor.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/reactor_testing.h"
#include "gateway/gateway.h"

namespace concord::gateway::testing {

inline net::Request make_request(std::string method, std::string path, std::vector<net::Header> headers = {},
                                 std::string body = {}) {
  net::Request request;
  request.method = std::move(method);
  const std::size_t query = path.find('?');
  if (query != std::string::npos) {
    const std::size_t equals = path.find('=', query);
    request.query.emplace_back(path.substr(query + 1, equals - query - 1), path.substr(equals + 1));
    path.resize(query);
  }
  request.path = std::move(path);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.peer_address = "127.0.0.1";
  request.host = "hub.example:8080";
  request.request_id = "request-1";
  return request;
}

inline std::string header(const net::Response& response, std::string_view name) {
  const auto at = std::ranges::find(response.headers, name, &net::Header::name);
  return at == response.headers.end() ? "" : at->value;
}

}  // namespace concord::gateway::testing
