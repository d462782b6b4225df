#include "documents/sync_protocol.h"

#include <string>

#include "base/varint.h"

namespace concord::documents::sync_protocol {

namespace {

constexpr std::uint64_t kSync = 0;
constexpr std::uint64_t kAwarenessType = 1;
constexpr std::uint64_t kAuth = 2;
constexpr std::uint64_t kQueryAwarenessType = 3;
constexpr std::uint64_t kSaved = 8;
constexpr std::uint64_t kAccess = 9;

constexpr std::uint64_t kStep1 = 0;
constexpr std::uint64_t kStep2 = 1;
constexpr std::uint64_t kStepUpdate = 2;

std::unexpected<Error> malformed(const std::string& what) {
  return fail(Code::kInvalidArgument, "sync message: " + what);
}

net::Frame sync_frame(std::uint64_t step, ByteView payload) {
  Bytes out;
  out.reserve(payload.size() + 8);
  write_varuint(out, kSync);
  write_varuint(out, step);
  write_var_bytes(out, payload);
  return net::make_frame(net::Opcode::kBinary, out);
}

}  // namespace

Result<Message> parse(ByteView message) {
  VarReader reader(message);
  TRY(const std::uint64_t type, reader.uint());
  Message out{};
  switch (type) {
    case kSync: {
      TRY(const std::uint64_t step, reader.uint());
      if (step > kStepUpdate) return malformed("step " + std::to_string(step) + " is not known");
      out.kind = step == kStep1 ? Kind::kStateVector : step == kStep2 ? Kind::kAnswer : Kind::kUpdate;
      TRY(out.payload, reader.var_bytes());
      break;
    }
    case kAwarenessType: {
      out.kind = Kind::kAwareness;
      TRY(out.payload, reader.var_bytes());
      break;
    }
    case kQueryAwarenessType:
      out.kind = Kind::kQueryAwareness;
      break;
    default:
      return malformed("type " + std::to_string(type) + " is not known");
  }
  if (!reader.at_end()) return malformed(std::to_string(reader.rest().size()) + " bytes after the end");
  return out;
}

net::Frame state_vector_frame(ByteView state_vector) { return sync_frame(kStep1, state_vector); }
net::Frame answer_frame(ByteView update) { return sync_frame(kStep2, update); }
net::Frame update_frame(ByteView update) { return sync_frame(kStepUpdate, update); }

net::Frame awareness_frame(ByteView update) {
  Bytes out;
  write_varuint(out, kAwarenessType);
  write_var_bytes(out, update);
  return net::make_frame(net::Opcode::kBinary, out);
}

net::Frame denied_frame(std::string_view reason) {
  Bytes out;
  write_varuint(out, kAuth);
  write_varuint(out, 0);
  write_var_string(out, reason);
  return net::make_frame(net::Opcode::kBinary, out);
}

net::Frame saved_frame(std::uint64_t count) {
  Bytes out;
  write_varuint(out, kSaved);
  write_varuint(out, count);
  return net::make_frame(net::Opcode::kBinary, out);
}

net::Frame access_frame(std::string_view level) {
  Bytes out;
  write_varuint(out, kAccess);
  write_var_string(out, level);
  return net::make_frame(net::Opcode::kBinary, out);
}

}  // namespace concord::documents::sync_protocol
