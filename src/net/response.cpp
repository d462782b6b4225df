#include "net/response.h"

#include <algorithm>
#include <array>

namespace concord::net {
namespace {

struct Reason {
  int status;
  std::string_view text;
};
constexpr std::array kReasons{
    Reason{100, "Continue"},
    Reason{101, "Switching Protocols"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{415, "Unsupported Media Type"},
    Reason{416, "Range Not Satisfiable"},
    Reason{417, "Expectation Failed"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
    Reason{507, "Insufficient Storage"},
};

void put_status_line(std::string& out, int status) {
  const auto found = std::ranges::find(kReasons, status, &Reason::status);
  out += "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  if (found != kReasons.end()) out += found->text;
  out += "\r\n";
}

void put_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  const std::size_t begin = out.size();
  out += value;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  out += "\r\n";
}

bool is_ours(std::string_view name) {
  return name == "content-length" || name == "connection" || name == "transfer-encoding";
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

ByteView whole_body(const Response& response) {
  return response.shared_body ? ByteView(*response.shared_body) : as_bytes(response.body);
}

}  // namespace

std::string response_head(const Response& response, const ResponseForm& form) {
  std::string out;
  out.reserve(256);
  put_status_line(out, response.status);
  bool has_request_id = false;
  for (const Header& header : response.headers) {
    std::string name = header.name;
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (is_ours(name)) continue;
    has_request_id = has_request_id || name == "x-request-id";
    put_header(out, name, header.value);
  }
  if (!has_request_id && !form.request_id.empty()) put_header(out, "x-request-id", form.request_id);
  if (has_body(response.status)) put_header(out, "content-length", std::to_string(whole_body(response).size()));
  if (!form.keep_alive)
    put_header(out, "connection", "close");
  else if (form.http10)
    put_header(out, "connection", "keep-alive");
  out += "\r\n";
  return out;
}

std::string switching_protocols_head(const Response& response, std::string_view accept) {
  std::string out;
  put_status_line(out, 101);
  put_header(out, "upgrade", "websocket");
  put_header(out, "connection", "Upgrade");
  put_header(out, "sec-websocket-accept", accept);
  for (const Header& header : response.headers) put_header(out, header.name, header.value);
  out += "\r\n";
  return out;
}

ByteView response_body(const Response& response, bool head_request) {
  if (head_request || !has_body(response.status)) return {};
  return whole_body(response);
}

}  // namespace concord::net
