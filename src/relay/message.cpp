#include "relay/message.h"

#include "base/varint.h"

namespace concord::relay {

namespace {

constexpr std::uint64_t kMostEntries = 10'000;  // headers, or parts of a query
constexpr std::uint8_t kSecure = 1;
constexpr std::uint8_t kUpgrade = 2;

Result<std::string> read_string(VarReader& in) {
  TRY(const ByteView bytes, in.var_bytes());
  return std::string(as_text(bytes));
}

Result<std::uint64_t> read_count(VarReader& in) {
  TRY(const std::uint64_t count, in.uint());
  if (count <= kMostEntries) return count;
  return fail(Code::kInvalidArgument, "a message between nodes has too many entries");
}

void write_headers(Bytes& out, const std::vector<net::Header>& headers) {
  write_varuint(out, headers.size());
  for (const net::Header& header : headers) {
    write_var_string(out, header.name);
    write_var_string(out, header.value);
  }
}

Result<std::vector<net::Header>> read_headers(VarReader& in) {
  TRY(const std::uint64_t count, read_count(in));
  std::vector<net::Header> headers;
  for (std::uint64_t i = 0; i < count; ++i) {
    net::Header header;
    TRY(header.name, read_string(in));
    TRY(header.value, read_string(in));
    headers.push_back(std::move(header));
  }
  return headers;
}

Result<> check_end(const VarReader& in) {
  if (in.at_end()) return {};
  return fail(Code::kInvalidArgument, "a message between nodes has something behind its end");
}

}  // namespace

Bytes encode(const net::Request& request) {
  Bytes out;
  out.push_back(static_cast<std::uint8_t>((request.secure ? kSecure : 0) | (request.websocket_upgrade ? kUpgrade : 0)));
  for (const std::string* text :
       {&request.method, &request.path, &request.peer_address, &request.request_id, &request.host})
    write_var_string(out, *text);
  write_varuint(out, request.query.size());
  for (const auto& [name, value] : request.query) {
    write_var_string(out, name);
    write_var_string(out, value);
  }
  write_headers(out, request.headers);
  write_var_string(out, request.body);
  return out;
}

Result<net::Request> decode_request(ByteView bytes) {
  VarReader in(bytes);
  net::Request request;
  TRY(const std::uint8_t flags, in.byte());
  request.secure = (flags & kSecure) != 0;
  request.websocket_upgrade = (flags & kUpgrade) != 0;
  for (std::string* text :
       {&request.method, &request.path, &request.peer_address, &request.request_id, &request.host}) {
    TRY(*text, read_string(in));
  }
  TRY(const std::uint64_t parts, read_count(in));
  for (std::uint64_t i = 0; i < parts; ++i) {
    TRY(std::string name, read_string(in));
    TRY(std::string value, read_string(in));
    request.query.emplace_back(std::move(name), std::move(value));
  }
  TRY(request.headers, read_headers(in));
  TRY(request.body, read_string(in));
  TRY_VOID(check_end(in));
  return request;
}

Bytes encode(const net::Response& response) {
  Bytes out;
  write_varuint(out, static_cast<std::uint64_t>(response.status));
  write_headers(out, response.headers);
  write_var_bytes(out, response.shared_body ? ByteView(*response.shared_body) : as_bytes(response.body));
  return out;
}

Result<net::Response> decode_response(ByteView bytes) {
  VarReader in(bytes);
  net::Response response;
  TRY(const std::uint64_t status, in.uint());
  if (status < 200 || status > 599) return fail(Code::kInvalidArgument, "a response between nodes has no status");
  response.status = static_cast<int>(status);
  TRY(response.headers, read_headers(in));
  TRY(response.body, read_string(in));
  TRY_VOID(check_end(in));
  return response;
}

Bytes encode(const Event& event) {
  Bytes out;
  write_varuint(out, event.id ? *event.id + 1 : 0);
  write_var_string(out, event.name);
  write_var_string(out, event.argument);
  return out;
}

Result<Event> decode_event(ByteView bytes) {
  VarReader in(bytes);
  Event event;
  TRY(const std::uint64_t id, in.uint());
  if (id > 0) event.id = id - 1;
  TRY(const ByteView name, in.var_bytes());
  TRY(const ByteView argument, in.var_bytes());
  event.name = as_text(name);
  event.argument = as_text(argument);
  TRY_VOID(check_end(in));
  return event;
}

}  // namespace concord::relay
