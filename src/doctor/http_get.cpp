#include "doctor/http_get.h"

#include <curl/curl.h>

#include <memory>

namespace concord::doctor {
namespace {

struct Received {
  std::string body;
  std::size_t max_bytes;
};

std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& received = *static_cast<Received*>(into);
  const std::size_t length = size * count;
  if (received.body.size() + length > received.max_bytes) return 0;  // ends the transfer
  received.body.append(bytes, length);
  return length;
}

}  // namespace

Result<std::string> http_get(const HttpGet& request) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  if (!easy) return fail(Code::kInternal, "libcurl has no memory");
  Received received{{}, request.max_bytes};
  curl_easy_setopt(easy.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &receive);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &received);
  if (!request.ca_file.empty()) curl_easy_setopt(easy.get(), CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.cert_file.empty()) curl_easy_setopt(easy.get(), CURLOPT_SSLCERT, request.cert_file.c_str());
  if (!request.key_file.empty()) curl_easy_setopt(easy.get(), CURLOPT_SSLKEY, request.key_file.c_str());
  if (const CURLcode code = curl_easy_perform(easy.get()); code != CURLE_OK)
    return fail(Code::kUnavailable, curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return fail(Code::kUnavailable, "status " + std::to_string(status));
  return std::move(received.body);
}

}  // namespace concord::doctor
