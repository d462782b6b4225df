#include "socketio/answers.h"

#include <array>

#include "json/writer.h"

namespace concord::socketio {

net::Response refusal(Refusal why) {
  static constexpr std::array<std::string_view, 6> kMessages{
      "Transport unknown", "Session ID unknown", "Bad handshake method",
      "Bad request",       "Forbidden",          "Unsupported protocol version"};
  const auto code = static_cast<std::size_t>(why);
  json::Writer out;
  out.begin_object().field("code", code).field("message", kMessages[code]).end();
  net::Response response;
  response.status = why == Refusal::kForbidden ? 403 : 400;
  response.set("content-type", "application/json");
  response.body = std::move(out).take();
  return response;
}

net::Response text_answer(std::string body) {
  net::Response response;
  response.set("content-type", "text/plain; charset=UTF-8");
  response.set("cache-control", "no-store");
  response.body = std::move(body);
  return response;
}

}  // namespace concord::socketio
