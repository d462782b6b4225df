#include "s3/transfers.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace concord::s3 {
namespace {

constexpr std::size_t kMaxHeaderBytes = 16U << 10U;
constexpr std::int64_t kLongestPoll_ms = 10'000;

void init_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct Transfer {
  Transfer(HttpRequest r, Transfers::Done d) : request(std::move(r)), done(std::move(d)), easy(curl_easy_init()) {}
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(lines);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  HttpRequest request;
  Transfers::Done done;
  CURL* easy;
  curl_slist* lines = nullptr;
  HttpOutcome outcome;
  std::size_t header_bytes = 0;
  bool too_large = false;
  char problem[CURL_ERROR_SIZE] = "";
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::size_t bytes = size * count;
  if (bytes > transfer.request.max_answer_bytes - transfer.outcome.body.size()) {
    transfer.too_large = true;
    return 0;
  }
  curl_off_t announced = 0;
  if (transfer.outcome.body.empty() &&
      curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced) == CURLE_OK && announced > 0)
    transfer.outcome.body.reserve(std::min(transfer.request.max_answer_bytes, static_cast<std::size_t>(announced)));
  append(transfer.outcome.body, as_bytes({data, bytes}));
  return bytes;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // another answer, after "100 Continue"
    transfer.outcome.headers.clear();
    transfer.header_bytes = 0;
    return line.size();
  }
  const std::size_t colon = line.find(':');
  transfer.header_bytes += line.size();
  if (colon == std::string_view::npos || transfer.header_bytes > kMaxHeaderBytes) return line.size();
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  transfer.outcome.headers.emplace_back(std::move(name), without_blanks(line.substr(colon + 1)));
  return line.size();
}

HttpFailure failure_of(CURLcode code, bool connected) {
  switch (code) {
    case CURLE_OK:
      return HttpFailure::kNone;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return HttpFailure::kUnreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? HttpFailure::kTimeout : HttpFailure::kUnreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpFailure::kUntrusted;
    default:
      return HttpFailure::kBroken;
  }
}

void set_method(CURL* c, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.bytes.size()));
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, request.body.bytes.empty() ? "" : as_text(request.body.bytes).data());
  }
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

bool add_line(Transfer& transfer, const std::string& line) {
  curl_slist* longer = curl_slist_append(transfer.lines, line.c_str());
  if (longer != nullptr) transfer.lines = longer;
  return longer != nullptr;
}

/// False where there is no memory for it.
bool prepare(Transfer& transfer, const TransferOptions& options) {
  CURL* const c = transfer.easy;
  const HttpRequest& request = transfer.request;
  if (c == nullptr) return false;
  bool whole = add_line(transfer, "Expect:") && add_line(transfer, "Accept:");
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    line += ": ";
    line += value;
    whole = whole && add_line(transfer, line);
  }
  set_method(c, request);
  curl_easy_setopt(c, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, transfer.lines);
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, request.url.starts_with("http://") ? "http" : "https");
  curl_easy_setopt(c, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    curl_easy_setopt(c, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(c, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 128L << 10U);
  curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10U);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, request.timeout_ms)));
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stalled_timeout_s));
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, transfer.problem);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "Concord");
  return whole;
}

HttpOutcome finished(Transfer& transfer, CURLcode code) {
  HttpOutcome outcome = std::move(transfer.outcome);
  long status = 0;
  long connects = 0;
  curl_off_t connected_us = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.easy, CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(transfer.easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  outcome.status = static_cast<int>(status);
  outcome.connected_anew = connects > 0;
  outcome.failure = transfer.too_large ? HttpFailure::kTooLarge : failure_of(code, connected_us > 0);
  if (transfer.too_large) {
    outcome.problem = "the answer is larger than " + std::to_string(transfer.request.max_answer_bytes) + " bytes";
  } else if (code != CURLE_OK) {
    outcome.problem = transfer.problem[0] != '\0' ? transfer.problem : curl_easy_strerror(code);
  }
  return outcome;
}

}  // namespace

struct Transfers::State {
  State(TransferOptions o, Clock& c) : options(std::move(o)), clock(c), multi(curl_multi_init()) {
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections));
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  }
  ~State() { curl_multi_cleanup(multi); }

  const TransferOptions options;
  Clock& clock;
  CURLM* multi;
  std::mutex mutex;
  std::vector<std::move_only_function<void()>> posted;  // guarded by mutex
  bool stopping = false;                                // guarded by mutex
  std::map<CURL*, std::unique_ptr<Transfer>> running;   // the thread's alone, as is what follows
  std::multimap<std::int64_t, std::move_only_function<void()>> timers;
  std::thread thread;

  std::int64_t now_ms() { return clock.monotonic_ns() / 1'000'000; }

  void run() {
    while (run_posted()) {
      run_timers();
      int left = 0;
      curl_multi_perform(multi, &left);
      take_finished();
      curl_multi_poll(multi, nullptr, 0, static_cast<int>(poll_ms()), nullptr);
    }
    while (!running.empty()) end(running.begin()->first, CURLE_ABORTED_BY_CALLBACK, HttpFailure::kStopped);
  }

  bool run_posted() {
    std::vector<std::move_only_function<void()>> work;
    {
      const std::lock_guard lock(mutex);
      work.swap(posted);
      if (stopping && work.empty()) return false;
    }
    for (auto& each : work) each();
    return true;
  }

  void run_timers() {
    while (!timers.empty() && timers.begin()->first <= now_ms()) {
      auto work = std::move(timers.begin()->second);
      timers.erase(timers.begin());
      work();
    }
  }

  std::int64_t poll_ms() {
    const std::int64_t next = timers.empty() ? kLongestPoll_ms : timers.begin()->first - now_ms();
    return std::clamp<std::int64_t>(next, 0, kLongestPoll_ms);
  }

  void take_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result, HttpFailure::kNone);
    }
  }

  void end(CURL* easy, CURLcode code, HttpFailure why) {
    const auto node = running.extract(easy);
    Transfer& transfer = *node.mapped();
    curl_multi_remove_handle(multi, easy);
    HttpOutcome outcome = finished(transfer, code);
    if (why != HttpFailure::kNone) outcome.failure = why;
    transfer.done(std::move(outcome));
  }
};

Transfers::Transfers(TransferOptions options, Clock& clock) {
  init_once();
  state_ = std::make_unique<State>(std::move(options), clock);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Transfers::~Transfers() { stop(); }

bool Transfers::post(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return false;
    state_->posted.push_back(std::move(work));
  }
  curl_multi_wakeup(state_->multi);
  return true;
}

void Transfers::start(HttpRequest request, Done done) {
  auto transfer = std::make_unique<Transfer>(std::move(request), std::move(done));
  CURL* const easy = transfer->easy;
  if (!prepare(*transfer, state_->options) || curl_multi_add_handle(state_->multi, easy) != CURLM_OK) {
    run_at(0, [failed = std::move(transfer)] {
      HttpOutcome outcome;
      outcome.failure = HttpFailure::kUnreachable;
      outcome.problem = "no memory for a request";
      failed->done(std::move(outcome));
    });
    return;
  }
  state_->running.emplace(easy, std::move(transfer));
}

void Transfers::run_at(std::int64_t at_ms, std::move_only_function<void()> work) {
  state_->timers.emplace(at_ms, std::move(work));
}

void Transfers::stop() {
  if (!state_->thread.joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  curl_multi_wakeup(state_->multi);
  state_->thread.join();
}

}  // namespace concord::s3
