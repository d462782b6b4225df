// What a socket of the Hocuspocus dialect reads from strangers: the document that a message is about, and what it says.
#include <cstdlib>

#include "base/varint.h"
#include "documents/hocuspocus_protocol.h"

namespace {

using namespace concord;
using namespace concord::documents;

void require(bool holds) {
  if (!holds) std::abort();
}

bool lies_within(ByteView part, ByteView whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// The body that the message was read from, but for longer encodings of its numbers.
Bytes write_again(const hocuspocus::Message& message) {
  using hocuspocus::Kind;
  const auto sync = [&](std::uint8_t step) {
    Bytes out{static_cast<std::uint8_t>(message.asks_back ? 0 : 4), step};
    write_var_bytes(out, message.payload);
    return out;
  };
  Bytes out;
  switch (message.kind) {
    case Kind::kStateVector:
      return sync(0);
    case Kind::kAnswer:
      return sync(1);
    case Kind::kUpdate:
      return sync(2);
    case Kind::kAwareness:
      out = {1};
      write_var_bytes(out, message.payload);
      return out;
    case Kind::kToken:
      out = {2, 0};
      write_var_string(out, message.text);
      if (!message.version.empty()) write_var_string(out, message.version);
      return out;
    case Kind::kQueryAwareness:
      return {3};
    case Kind::kStateless:
      out = {5};
      write_var_string(out, message.text);
      return out;
  }
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto envelope = hocuspocus::open_envelope(input);
  if (!envelope) return 0;
  require(!hocuspocus::is_ping(input) && !hocuspocus::is_pong(input));
  require(envelope->key.size() <= hocuspocus::kMaxKeyBytes);
  require(lies_within(as_bytes(envelope->key), input) && lies_within(envelope->body, input));
  const hocuspocus::Key key = hocuspocus::split_key(envelope->key);
  require(!key.document.contains('\0') && key.document.size() + key.session.size() <= envelope->key.size());
  const auto message = hocuspocus::parse(envelope->body);
  if (!message) return 0;
  require(lies_within(message->payload, input) && lies_within(as_bytes(message->text), input));
  const Bytes again = write_again(*message);
  const auto same = hocuspocus::parse(again);
  require(same && same->kind == message->kind && same->text == message->text && write_again(*same) == again);
  require(again.size() <= envelope->body.size());
  return 0;
}
