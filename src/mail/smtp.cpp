#include "mail/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

namespace concord::mail {

namespace {

constexpr long kConnectSeconds = 10;
constexpr long kWholeSeconds = 60;

struct Upload {
  std::string_view rest;
};

std::size_t read_upload(char* out, std::size_t size, std::size_t count, void* context) {
  auto& upload = *static_cast<Upload*>(context);
  const std::size_t bytes = std::min(size * count, upload.rest.size());
  std::memcpy(out, upload.rest.data(), bytes);
  upload.rest.remove_prefix(bytes);
  return bytes;
}

int keep_going(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(context) ? 1 : 0;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

void init_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

bool is_local(std::string_view url) {
  const auto from = url.find("://");
  std::string_view host = from == std::string_view::npos ? url : url.substr(from + 3);
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find_first_of(":/"));
  return host == "localhost" || host == "127.0.0.1";
}

Delivered deliver(const Options& options, const std::string& to, const std::string& content,
                  const std::atomic<bool>& stopping) {
  init_once();
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), &curl_slist_free_all);
  if (!curl || !recipients) return {Delivery::kLater, "out of memory"};
  Upload upload{content};
  char problem[CURL_ERROR_SIZE] = "";
  const std::string from = "<" + options.from + ">";
  CURL* const c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_USE_SSL, static_cast<long>(is_local(options.url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.user.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, options.user.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, options.password.c_str());
  }
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, &read_upload);
  curl_easy_setopt(c, CURLOPT_READDATA, &upload);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &drop);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &keep_going);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &stopping);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, kWholeSeconds);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, problem);
  const CURLcode done = curl_easy_perform(c);
  if (done == CURLE_OK) return {Delivery::kSent, ""};
  long code = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
  const bool for_good = code >= 500 && code <= 599;
  std::string text = problem[0] != '\0' ? problem : curl_easy_strerror(done);
  return {for_good ? Delivery::kNever : Delivery::kLater, text + " (" + std::to_string(code) + ")"};
}

}  // namespace concord::mail
