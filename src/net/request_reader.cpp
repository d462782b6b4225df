#include "net/request_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "net/handshake.h"
#include "net/target.h"

namespace concord::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastText = boost::beast::string_view;

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kMaxHeaders = 128;
constexpr std::size_t kFirstBodyReserveBytes = 64u << 10u;

/// Beast's parser, writing straight into a Request.
class Parser final : public http::basic_parser<true> {
 public:
  Request request;
  std::string target;
  int version = 11;
  bool in_head = true;
  bool too_many_headers = false;
  bool saw_chunk_header = false;
  std::size_t body_limit_bytes = 0;  // of this request

 private:
  void on_request_impl(http::verb, BeastText method, BeastText raw_target, int raw_version, error_code&) override {
    request.method = std::string_view(method);
    target = std::string_view(raw_target);
    version = raw_version;
  }
  void on_response_impl(int, BeastText, int, error_code&) override {}
  void on_field_impl(http::field, BeastText name, BeastText value, error_code&) override {
    if (!in_head) return;  // trailers say nothing that we use
    if (request.headers.size() == kMaxHeaders) {
      too_many_headers = true;
      return;
    }
    std::string lower{std::string_view(name)};
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    request.headers.push_back({std::move(lower), std::string(std::string_view(value))});
  }
  void on_header_impl(error_code&) override { in_head = false; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) request.body.reserve(std::min<std::uint64_t>(*length, kFirstBodyReserveBytes));
  }
  std::size_t on_body_impl(BeastText data, error_code&) override {
    request.body += std::string_view(data);
    return data.size();
  }
  // Beast's own limit counts a chunk again each time its header turns out to be incomplete.
  void on_chunk_header_impl(std::uint64_t size, BeastText, error_code& ec) override {
    saw_chunk_header = true;
    if (size > body_limit_bytes - request.body.size()) ec = http::error::body_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastText data, error_code&) override {
    request.body += std::string_view(data);
    return data.size();
  }
  void on_finish_impl(error_code&) override {}
};

bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// The discipline of lines that Beast is lenient about. `head` ends with the empty line.
std::optional<std::string> check_lines(std::string_view head) {
  bool first = true;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7f) return "the head has a control character or a bare line end";
    }
    if (!first && !line.empty()) {
      if (line.front() == ' ' || line.front() == '\t') return "a header line is folded";
      const std::string_view name = line.substr(0, line.find(':'));
      if (name.empty() || name.size() == line.size() || !std::ranges::all_of(name, is_token_char))
        return "a header's name is not a token followed by a colon";
    }
    first = false;
  }
  return std::nullopt;
}

std::size_t count(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(request.headers, name, &Header::name));
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.size() <= 19 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// How the body is framed, where two readers could disagree.
std::optional<Refusal> check_framing(const Request& request, bool http10) {
  const std::size_t lengths = count(request, "content-length");
  const std::size_t codings = count(request, "transfer-encoding");
  if (lengths > 1) return Refusal{400, "more than one Content-Length"};
  if (lengths == 1 && codings > 0) return Refusal{400, "both Content-Length and Transfer-Encoding"};
  if (lengths == 1 && !is_decimal(request.header("content-length")))
    return Refusal{400, "Content-Length is not a number"};
  if (codings == 0) return std::nullopt;
  if (http10) return Refusal{400, "Transfer-Encoding in an HTTP/1.0 request"};
  const std::string_view coding = request.header("transfer-encoding");
  if (codings > 1 || coding.size() != 7 || !has_token(coding, "chunked"))
    return Refusal{501, "a transfer coding other than chunked"};
  return std::nullopt;
}

std::optional<Refusal> check_host(Request& request, const Target& target, bool http10) {
  const std::size_t hosts = count(request, "host");
  if (hosts > 1) return Refusal{400, "more than one Host"};
  if (hosts == 0 && !http10) return Refusal{400, "no Host"};
  request.host = target.authority.empty() ? std::string(request.header("host")) : target.authority;
  const bool clean =
      std::ranges::all_of(request.host, [](char c) { return is_token_char(c) || c == ':' || c == '[' || c == ']'; });
  if (!clean || request.host.size() > 255) return Refusal{400, "Host is not a host name"};
  return std::nullopt;
}

Refusal refusal_of(const error_code& ec) {
  if (ec == http::error::bad_version) return {505, "the protocol is not HTTP/1.1"};
  if (ec == http::error::body_limit) return {413, "the body is larger than the limit"};
  if (ec == http::error::header_limit) return {431, "the head is larger than the limit"};
  return {400, "the request is malformed: " + ec.message()};
}

}  // namespace

struct RequestReader::State {
  explicit State(std::size_t limit) : max_header_bytes(limit) {}

  std::size_t max_header_bytes;
  Parser parser;
  std::string pending;  // an incomplete head; later an incomplete chunk header or trailer
  Refusal refusal;
  bool http10 = false;
  bool keep_alive = true;
  bool has_body = false;
  bool expects_continue = false;
  bool body_begun = false;

  Progress refuse(Refusal why) {
    refusal = std::move(why);
    return Progress::kRefused;
  }
  Refusal large_body() const {
    return {413, "the body is larger than " + std::to_string(parser.body_limit_bytes) + " bytes"};
  }
  Refusal long_chunk_header() const {
    return {431, "a chunk's header or the trailers are larger than " + std::to_string(max_header_bytes) + " bytes"};
  }
  Progress parse_head(std::string_view head);
  Progress feed_body(std::string_view bytes, std::size_t& taken);
};

RequestReader::RequestReader(std::size_t max_header_bytes) : state_(std::make_unique<State>(max_header_bytes)) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

RequestReader::Progress RequestReader::State::parse_head(std::string_view head) {
  if (auto rule = check_lines(head)) return refuse({400, *std::move(rule)});
  error_code ec;
  parser.header_limit(
      static_cast<std::uint32_t>(std::min<std::size_t>(head.size() + 1, std::numeric_limits<std::uint32_t>::max())));
  parser.body_limit(boost::none);
  parser.eager(false);
  parser.put({head.data(), head.size()}, ec);
  Request& request = parser.request;
  http10 = parser.version == 10;
  // Framing first: its refusals are the precise ones for what Beast calls a bad value.
  if (auto why = check_framing(request, http10)) return refuse(*std::move(why));
  if (ec) return refuse(refusal_of(ec));
  if (!parser.is_header_done()) return refuse({400, "the request is malformed"});
  if (parser.too_many_headers) return refuse({431, "more than 128 headers"});
  if (request.method.size() > kMaxMethodBytes) return refuse({501, "unknown method"});
  auto target = parse_target(parser.target);
  if (!target) return refuse({400, std::move(target).error()});
  if (auto why = check_host(request, *target, http10)) return refuse(*std::move(why));
  request.path = std::move(target->path);
  request.query = std::move(target->query);

  const std::string_view connection = request.header("connection");
  keep_alive = http10 ? has_token(connection, "keep-alive") : !has_token(connection, "close");
  has_body = !parser.is_done();
  if (const std::string_view expect = request.header("expect"); !expect.empty() && !http10) {
    if (!has_token(expect, "100-continue")) return refuse({417, "an expectation other than 100-continue"});
    expects_continue = has_body;
  }
  switch (inspect_handshake(request)) {
    case Handshake::kWrongVersion:
      return refuse({426, "the WebSocket version is not 13"});
    case Handshake::kMalformed:
      return refuse({400, "Sec-WebSocket-Key is not 16 bytes in base64"});
    case Handshake::kValid:
      if (has_body || http10) return refuse({400, "a WebSocket handshake with a body or in HTTP/1.0"});
      request.websocket_upgrade = true;
      break;
    case Handshake::kNone:
      break;
  }
  return Progress::kDone;
}

RequestReader::Progress RequestReader::read_head(ByteView& input) {
  State& state = *state_;
  const std::size_t before = state.pending.size();
  const std::size_t room = state.max_header_bytes - std::min(before, state.max_header_bytes);
  const std::string_view fresh = as_text(input).substr(0, room);
  std::string_view all = fresh;
  if (before > 0) {
    state.pending += fresh;
    all = state.pending;
  }
  // One empty line before a request line is ignored (RFC 9112 section 2.2).
  const std::size_t begin = all.starts_with("\r\n") ? 2 : 0;
  const std::size_t end = all.find("\r\n\r\n", std::max(begin, before < 3 ? 0 : before - 3));
  if (end == std::string_view::npos) {
    if (input.size() >= room) {
      const std::string limit = std::to_string(state.max_header_bytes);
      return state.refuse({431, "the head is larger than " + limit + " bytes"});
    }
    if (before == 0) state.pending = fresh;
    input = {};
    return Progress::kNeedMore;
  }
  input = input.subspan(end + 4 - before);
  const Progress progress = state.parse_head(all.substr(begin, end + 4 - begin));
  state.pending = std::string();
  return progress;
}

RequestReader::Progress RequestReader::State::feed_body(std::string_view bytes, std::size_t& taken) {
  while (taken < bytes.size()) {
    error_code ec;
    parser.saw_chunk_header = false;
    const std::size_t step = parser.put({bytes.data() + taken, bytes.size() - taken}, ec);
    taken += step;
    if (ec == http::error::body_limit) return refuse(large_body());
    if (ec == http::error::need_more) break;
    if (ec) return refuse(refusal_of(ec));
    if (parser.saw_chunk_header && step > max_header_bytes) return refuse(long_chunk_header());
    if (parser.is_done()) return Progress::kDone;
  }
  return Progress::kNeedMore;
}

RequestReader::Progress RequestReader::read_body(ByteView& input, std::size_t limit_bytes) {
  State& state = *state_;
  if (!state.has_body) return Progress::kDone;
  if (!state.body_begun) {
    state.body_begun = true;
    state.parser.body_limit_bytes = limit_bytes;
    const auto length = state.parser.content_length();
    if (length && *length > limit_bytes) return state.refuse(state.large_body());
  }
  Progress progress = Progress::kNeedMore;
  while (progress == Progress::kNeedMore && !input.empty()) {
    // A chunk header or trailer that is cut in two must be contiguous: it is joined in `pending`, a piece at
    // a time.
    std::size_t taken = 0;
    if (state.pending.empty()) {
      progress = state.feed_body(as_text(input), taken);
      input = input.subspan(taken);
      if (progress != Progress::kNeedMore || input.empty()) continue;
      state.pending = as_text(input);
      input = {};
    } else {
      const std::size_t before = state.pending.size();
      state.pending += as_text(input);
      progress = state.feed_body(state.pending, taken);
      if (progress == Progress::kRefused) break;
      if (taken == 0) {
        input = {};
      } else {
        input = input.subspan(taken - before);
        state.pending.clear();
        continue;
      }
    }
    if (progress == Progress::kNeedMore && state.pending.size() > state.max_header_bytes)
      return state.refuse(state.long_chunk_header());
  }
  return progress;
}

bool RequestReader::has_begun() const { return !state_->pending.empty(); }
Request& RequestReader::request() { return state_->parser.request; }
const Refusal& RequestReader::refusal() const { return state_->refusal; }
bool RequestReader::keep_alive() const { return state_->keep_alive; }
bool RequestReader::is_http10() const { return state_->http10; }
bool RequestReader::has_body() const { return state_->has_body; }
bool RequestReader::expects_continue() const { return state_->expects_continue; }

}  // namespace concord::net
