#include "s3/radosgw_testing.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "crypto/random.h"

namespace concord::s3::testing {
namespace {

using engines::testing::free_port;
using engines::testing::run_to_end;
using engines::testing::ServerProcess;

constexpr const char* kAccessKey = "CONCORDTESTS";
constexpr const char* kSecretKey = "a-secret-of-the-tests/with+marks";

void require_programs() {
  std::string missing;
  for (const auto& [program, package] : {std::pair{"ceph-mon", "ceph-mon"},
                                         {"ceph-osd", "ceph-osd"},
                                         {"ceph", "ceph-common"},
                                         {"radosgw-admin", "ceph-common"},
                                         {"radosgw", "radosgw"}}) {
    if (!std::filesystem::exists(std::string("/usr/bin/") + program))
      missing += std::string(missing.empty() ? "" : ", ") + "/usr/bin/" + program + " (package " + package + ")";
  }
  if (!missing.empty()) throw std::runtime_error("not installed: " + missing + "; ./dev setup test installs them");
}

std::string make_uuid() {
  std::string hex = to_hex(crypto::random_array<16>());
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

/// The end of what is in it.
std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  const std::string whole = std::move(text).str();
  return whole.substr(whole.size() - std::min<std::size_t>(whole.size(), 4000));
}

bool answers(PlainClient& client) {
  const Result<Reply> reply =
      client.call({.operation = "list", .method = "GET", .of_bucket = true, .query = {{"max-keys", "1"}}});
  return reply || reply.error().message.contains("NoSuchBucket") || reply.error().message.contains("no such bucket");
}

}  // namespace

RadosGateway& RadosGateway::shared() {
  static RadosGateway gateway;
  return gateway;
}

RadosGateway::RadosGateway() : monitor_port_(free_port()), port_(free_port()), tls_port_(free_port()) {
  require_programs();
  write_configuration();
  start_cluster();
  start_gateway();
}

/// No keys and no checks of rights between the cluster's own processes; waits are cut short.
void RadosGateway::write_configuration() {
  std::filesystem::create_directories(path("mon"));
  std::filesystem::create_directories(path("osd"));
  std::ofstream(path("ceph.conf")) << "[global]\nfsid = " << make_uuid()
                                   << "\nmon host = v2:127.0.0.1:" << monitor_port_ << "\nrun dir = " << path("run")
                                   << "\nmon data = " << path("mon") << "\nosd data = " << path("osd")
                                   << "\ncrash dir = " << path("crash") << R"(
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
admin socket =
log file =
pid file =
mon cluster log file =
log to stderr = true
err to stderr = true
debug rocksdb = 0
debug mon = 0
debug rgw = 0
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd crush initial weight = 1
osd heartbeat grace = 600
mon allow pool size one = true
mon data avail crit = 0
mon data avail warn = 0
mon osd full ratio = 1
paxos propose interval = 0.01
paxos min wait = 0.01
rgw rados pool pg num min = 1
rgw dns name = localhost
rgw enable usage log = false
rgw thread pool size = 32
)";
}

void RadosGateway::start_cluster() {
  ::setenv("CEPH_CONF", path("ceph.conf").c_str(), 1);
  const std::string address = "[v2:127.0.0.1:" + std::to_string(monitor_port_) + "]";
  run_to_end({"monmaptool", "--create", "--addv", "a", address, path("monmap")});
  run_to_end({"ceph-mon", "--mkfs", "-i", "a", "--monmap", path("monmap")});
  monitor_.emplace(ServerProcess::Options{.command = {"ceph-mon", "-i", "a", "-f"}, .output_path = path("mon.log")});
  const std::string disk = make_uuid();
  run_to_end({"ceph", "--connect-timeout", "60", "osd", "new", disk});
  run_to_end({"ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk});
  object_store_.emplace(
      ServerProcess::Options{.command = {"ceph-osd", "-i", "0", "-f"}, .output_path = path("osd.log")});
}

void RadosGateway::start_gateway() {
  run_to_end({"timeout", "120", "radosgw-admin", "user", "create", "--uid", "tests", "--display-name", "Tests",
              "--access-key", kAccessKey, "--secret", kSecretKey});
  const std::string frontends =
      "beast endpoint=127.0.0.1:" + std::to_string(port_) + " ssl_endpoint=127.0.0.1:" + std::to_string(tls_port_) +
      " ssl_certificate=" + certificate_.certificate_file() + " ssl_private_key=" + certificate_.key_file();
  gateway_.emplace(ServerProcess::Options{
      .command = {"radosgw", "-f", "-n", "client.rgw", "--rgw-data=" + directory_.path(), "--auth-client-required=none",
                  "--ms-mon-client-mode=crc", "--rgw-frontends=" + frontends},
      .output_path = path("gateway.log")});
  ensure_running();
  const Result<Reply> made =
      PlainClient(options()).call({.operation = "create_bucket", .method = "PUT", .of_bucket = true});
  if (!made || !made->ok()) give_up("no bucket could be made");
}

void RadosGateway::ensure_running() {
  if (!gateway_->running()) gateway_->start();
  gateway_->resume();  // where a test has paused it
  PlainClient client(options());
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!answers(client)) {
    if (!gateway_->running() || std::chrono::steady_clock::now() > end) give_up("the gateway does not answer");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void RadosGateway::give_up(const std::string& what) {
  throw std::runtime_error(what + "\nmonitor:\n" + text_of(path("mon.log")) + "\nobject store:\n" +
                           text_of(path("osd.log")) + "\ngateway:\n" + text_of(path("gateway.log")));
}

S3Options RadosGateway::options(std::string key_prefix) const {
  S3Options options;
  options.endpoint = "http://127.0.0.1:" + std::to_string(port_);
  options.bucket = "tests";
  options.key_prefix = std::move(key_prefix);
  options.credentials = {.access_key = kAccessKey, .secret_key = kSecretKey, .session_token = ""};
  return options;
}

S3Options RadosGateway::tls_options(std::string key_prefix) const {
  S3Options options = this->options(std::move(key_prefix));
  options.endpoint = "https://localhost:" + std::to_string(tls_port_);
  options.ca_file = certificate_.certificate_file();
  return options;
}

PlainClient::PlainClient(const S3Options& options) {
  S3Options impatient = options;
  impatient.max_attempts = 1;
  impatient.breaker_failures = 1'000'000;
  auto made = Client::make(impatient, clock_, Logger(), metrics_);
  if (!made) throw std::runtime_error(made.error().message);
  client_ = std::move(*made);
}

std::size_t PlainClient::unfinished_uploads(const std::string& prefix) {
  const Result<Reply> reply = call({.operation = "list_uploads",
                                    .method = "GET",
                                    .of_bucket = true,
                                    .query = {{"uploads", ""}, {"prefix", prefix}},
                                    .max_answer_bytes = 1U << 20U});
  if (!reply) throw std::runtime_error(reply.error().message);
  const Result<UploadList> list = read_upload_list(reply->body);
  if (!list) throw std::runtime_error(list.error().message);
  return list->uploads.size();
}

}  // namespace concord::s3::testing
