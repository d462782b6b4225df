// Another node's bytes to the readers of what nodes say to each other for clients: a request, a response, an event. The
// first byte chooses. What is read and written again reads the same; what refers to the bytes stays within them.
#include <cstdlib>
#include <functional>

#include "relay/message.h"

namespace {

using namespace concord;
using namespace concord::relay;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_request(ByteView bytes) {
  const auto request = decode_request(bytes);
  if (!request) return;
  require(request->parameters.empty());
  const Bytes written = encode(*request);
  const auto again = decode_request(written);
  require(again.has_value() && encode(*again) == written);
  require(again->method == request->method && again->path == request->path && again->body == request->body);
  require(again->query == request->query && again->headers.size() == request->headers.size());
  require(again->secure == request->secure && again->websocket_upgrade == request->websocket_upgrade);
}

void read_response(ByteView bytes) {
  const auto response = decode_response(bytes);
  if (!response) return;
  require(response->status >= 200 && response->status <= 599);
  const Bytes written = encode(*response);
  const auto again = decode_response(written);
  require(again.has_value() && encode(*again) == written);
  require(again->status == response->status && again->body == response->body);
  require(again->headers.size() == response->headers.size());
}

bool within(std::string_view part, ByteView whole) {
  const std::string_view text = as_text(whole);
  const std::less_equal<const char*> no_later;
  return part.empty() ||
         (no_later(text.data(), part.data()) && no_later(part.data() + part.size(), text.data() + text.size()));
}

void read_event(ByteView bytes) {
  const auto event = decode_event(bytes);
  if (!event) return;
  require(within(event->name, bytes) && within(event->argument, bytes));
  const Bytes written = encode(*event);
  const auto again = decode_event(written);
  require(again.has_value() && again->id == event->id);
  require(again->name == event->name && again->argument == event->argument);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read_request(bytes);
      break;
    case 1:
      read_response(bytes);
      break;
    default:
      read_event(bytes);
  }
  return 0;
}
