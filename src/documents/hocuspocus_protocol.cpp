#include "documents/hocuspocus_protocol.h"

#include <fmt/format.h>

#include <string>

#include "base/varint.h"

namespace concord::documents::hocuspocus {

namespace {

constexpr std::uint64_t kStep1 = 0;
constexpr std::uint64_t kStep2 = 1;
constexpr std::uint64_t kStepUpdate = 2;

constexpr std::uint64_t kToken = 0;
constexpr std::uint64_t kDenied = 1;
constexpr std::uint64_t kAuthenticated = 2;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kInvalidArgument, fmt::format("Hocuspocus message: {}", what));
}

Bytes begin(std::string_view key, Type type, std::size_t payload = 0) {
  Bytes out;
  out.reserve(key.size() + payload + 16);
  write_var_string(out, key);
  write_varuint(out, static_cast<std::uint64_t>(type));
  return out;
}

net::Frame finish(const Bytes& message) { return net::make_frame(net::Opcode::kBinary, message); }

net::Frame sync_frame(std::string_view key, std::uint64_t step, ByteView payload) {
  Bytes out = begin(key, Type::kSync, payload.size());
  write_varuint(out, step);
  write_var_bytes(out, payload);
  return finish(out);
}

net::Frame auth_frame(std::string_view key, std::uint64_t what, std::string_view text) {
  Bytes out = begin(key, Type::kAuth, text.size());
  write_varuint(out, what);
  write_var_string(out, text);
  return finish(out);
}

net::Frame text_frame(std::string_view key, Type type, std::string_view text) {
  Bytes out = begin(key, type, text.size());
  write_var_string(out, text);
  return finish(out);
}

Result<Message> parse_sync(VarReader& reader, bool asks_back) {
  TRY(const std::uint64_t step, reader.uint());
  if (step > kStepUpdate) return malformed(fmt::format("sync step {} is not known", step));
  Message out{};
  out.kind = step == kStep1 ? Kind::kStateVector : step == kStep2 ? Kind::kAnswer : Kind::kUpdate;
  out.asks_back = asks_back;
  TRY(out.payload, reader.var_bytes());
  return out;
}

Result<Message> parse_auth(VarReader& reader) {
  TRY(const std::uint64_t what, reader.uint());
  if (what != kToken) return malformed(fmt::format("auth {} is not for clients to send", what));
  Message out{};
  out.kind = Kind::kToken;
  TRY(out.text, reader.var_string());
  if (!reader.at_end()) {
    TRY(out.version, reader.var_string());
  }
  return out;
}

Result<Message> parse_payload(Kind kind, VarReader& reader) {
  Message out{};
  out.kind = kind;
  TRY(out.payload, reader.var_bytes());
  return out;
}

Result<Message> parse_text(Kind kind, VarReader& reader) {
  Message out{};
  out.kind = kind;
  TRY(out.text, reader.var_string());
  return out;
}

Result<Message> parse_body(Type type, VarReader& reader) {
  switch (type) {
    case Type::kSync:
    case Type::kSyncReply:
      return parse_sync(reader, type == Type::kSync);
    case Type::kAuth:
      return parse_auth(reader);
    case Type::kAwareness:
      return parse_payload(Kind::kAwareness, reader);
    case Type::kQueryAwareness:
      return Message{.kind = Kind::kQueryAwareness, .payload = {}, .text = {}};
    case Type::kStateless:
      return parse_text(Kind::kStateless, reader);
    default:
      return malformed(fmt::format("type {} is not for clients to send", static_cast<unsigned>(type)));
  }
}

Result<Type> read_type(VarReader& reader) {
  TRY(const std::uint64_t type, reader.uint());
  if (type > static_cast<std::uint64_t>(Type::kSyncStatus))
    return malformed(fmt::format("type {} is not known of a document", type));
  return static_cast<Type>(type);
}

}  // namespace

bool is_ping(ByteView message) { return message.size() == 1 && message[0] == static_cast<std::uint8_t>(Type::kPing); }
bool is_pong(ByteView message) { return message.size() == 1 && message[0] == static_cast<std::uint8_t>(Type::kPong); }

Result<Envelope> open_envelope(ByteView message) {
  VarReader reader(message);
  Envelope out{};
  TRY(out.key, reader.var_string());
  if (out.key.size() > kMaxKeyBytes) return malformed(fmt::format("a key of {} bytes", out.key.size()));
  out.body = reader.rest();
  TRY(out.type, read_type(reader));
  return out;
}

Key split_key(std::string_view key) {
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos) return {key, {}};
  return {key.substr(0, end), key.substr(end + 1)};
}

Result<Message> parse(ByteView body) {
  VarReader reader(body);
  TRY(const Type type, read_type(reader));
  TRY(Message out, parse_body(type, reader));
  if (!reader.at_end()) return malformed(fmt::format("{} bytes after the end", reader.rest().size()));
  return out;
}

net::Frame state_vector_frame(std::string_view key, ByteView state_vector) {
  return sync_frame(key, kStep1, state_vector);
}
net::Frame answer_frame(std::string_view key, ByteView update) { return sync_frame(key, kStep2, update); }
net::Frame update_frame(std::string_view key, ByteView update) { return sync_frame(key, kStepUpdate, update); }

net::Frame awareness_frame(std::string_view key, ByteView update) {
  Bytes out = begin(key, Type::kAwareness, update.size());
  write_var_bytes(out, update);
  return finish(out);
}

net::Frame stateless_frame(std::string_view key, std::string_view payload) {
  return text_frame(key, Type::kStateless, payload);
}

net::Frame authenticated_frame(std::string_view key, bool may_write) {
  return auth_frame(key, kAuthenticated, may_write ? "read-write" : "readonly");
}

net::Frame denied_frame(std::string_view key, std::string_view reason) { return auth_frame(key, kDenied, reason); }

net::Frame token_wanted_frame(std::string_view key) {
  Bytes out = begin(key, Type::kAuth);
  write_varuint(out, kToken);
  return finish(out);
}

net::Frame close_frame(std::string_view key, std::string_view reason) { return text_frame(key, Type::kClose, reason); }

net::Frame sync_status_frame(std::string_view key, bool saved) {
  Bytes out = begin(key, Type::kSyncStatus);
  write_varuint(out, saved ? 1 : 0);
  return finish(out);
}

net::Frame ping_frame() { return finish(Bytes{static_cast<std::uint8_t>(Type::kPing)}); }
net::Frame pong_frame() { return finish(Bytes{static_cast<std::uint8_t>(Type::kPong)}); }

}  // namespace concord::documents::hocuspocus
