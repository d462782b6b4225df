#include "identity/oauth_http.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>

#include "identity/oidc_metadata.h"
#include "identity/oidc_reading.h"

namespace concord::identity {

namespace {

void init_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct Download {
  std::string body;
  std::size_t most = 0;
  bool too_large = false;
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* context) {
  auto& download = *static_cast<Download*>(context);
  const std::size_t bytes = size * count;
  if (bytes > download.most - download.body.size()) {
    download.too_large = true;
    return 0;
  }
  download.body.append(data, bytes);
  return bytes;
}

int keep_going(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(context) ? 1 : 0;
}

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

class HeaderLines {
 public:
  ~HeaderLines() { curl_slist_free_all(lines_); }
  HeaderLines() = default;
  HeaderLines(const HeaderLines&) = delete;
  HeaderLines& operator=(const HeaderLines&) = delete;

  bool add(const std::string& line) {
    curl_slist* longer = curl_slist_append(lines_, line.c_str());
    if (longer != nullptr) lines_ = longer;
    return longer != nullptr;
  }
  curl_slist* get() const { return lines_; }

 private:
  curl_slist* lines_ = nullptr;
};

void set_transport(CURL* c, const std::string& url, std::int64_t whole_ms) {
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, is_loopback_http(url) ? "http" : "https");
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(whole_ms));
  curl_easy_setopt(c, CURLOPT_USERAGENT, "Concord");
}

}  // namespace

Task<ProviderAnswer> ProviderHttp::ask(ProviderRequest request) {
  std::move_only_function<Result<ProviderAnswer>()> work = [this, request = std::move(request)] {
    return perform(request);
  };
  return pool_.run<ProviderAnswer>(std::move(work));
}

void ProviderHttp::stop() {
  stopping_ = true;
  pool_.stop();
}

Result<ProviderAnswer> ProviderHttp::perform(const ProviderRequest& request) const {
  if (stopping_) return fail(Code::kUnavailable, "the hub is stopping");
  init_once();
  const Curl curl(curl_easy_init(), &curl_easy_cleanup);
  HeaderLines headers;
  if (!curl || !headers.add("Accept: application/json") ||
      (!request.authorization.empty() && !headers.add("Authorization: " + request.authorization)))
    return fail(Code::kUnavailable, "no memory for a request");
  Download download{.body = {}, .most = limits_.answer_bytes};
  char problem[CURL_ERROR_SIZE] = "";
  CURL* const c = curl.get();
  set_transport(c, request.url, limits_.whole_ms);
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  if (request.form) {
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.form->size()));
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, request.form->c_str());
  }
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &download);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &keep_going);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &stopping_);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, problem);
  const CURLcode done = curl_easy_perform(c);
  if (download.too_large) return not_held("size", "the provider's answer is too large");
  if (done == CURLE_OPERATION_TIMEDOUT) return fail(Code::kTimeout, "the provider does not answer in time");
  if (done != CURLE_OK)
    return fail(Code::kUnavailable, std::string("the provider cannot be reached: ") +
                                        (problem[0] != '\0' ? problem : curl_easy_strerror(done)));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  return ProviderAnswer{static_cast<int>(status), std::move(download.body)};
}

}  // namespace concord::identity
