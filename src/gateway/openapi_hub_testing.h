#pragma once
// A hub of real parts on the embedded engines, whose every answer is held against the OpenAPI document.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "documents/documents.h"
#include "documents/shard_routes.h"
#include "engines/open.h"
#include "gateway/gateway_testing.h"
#include "gateway/openapi_testing.h"
#include "guard/lock_routes.h"
#include "identity/identity.h"
#include "mail/mailer.h"
#include "mcp/mcp.h"
#include "shard/shards.h"
#include "shard/snapshot_store.h"
#include "socketio/server.h"
#include "vault/vault_testing.h"

namespace concord::gateway::testing {

namespace bj = boost::json;

inline std::string openapi_text() { return std::string(as_text(embedded::openapi_json().identity)); }

/// A directory that is gone at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "concord-gateway-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A whole hub but for its sockets.
class Hub {
 public:
  explicit Hub(std::function<void(identity::Options&)> change = [](identity::Options&) {}) {
    auto opened = engines::open_embedded({.data_directory = directory_.path()}, clock_, Logger(), metrics_);
    if (!opened) throw std::runtime_error(opened.error().message);
    engines_ = std::move(*opened);
    identity::Options options;
    options.password_cost = {.memory_kib = 64, .iterations = 1, .parallelism = 1};
    change(options);
    audit_.emplace(audit::Options{}, audit::Audit::Dependencies{*engines_.tables, *engines_.embedded.files, pool_,
                                                                clock_, metrics_, Logger()});
    must(concord::testing::run_on(reactors_.at(), audit_->start(reactors_.at())));
    vault_.emplace(*engines_.blobs, concord::testing::some_master_keys(), true);
    identity_.emplace(options, identity::Dependencies{*engines_.tables, pool_, clock_, ids_, metrics_, Logger(),
                                                      *audit_, &mailer_, &*vault_, &watch_});
    must(concord::testing::run_on(reactors_.at(), identity_->start()));
    maps_.emplace(*engines_.tables);
    shards_.emplace("node-1", reactors_.all(), *engines_.log, *engines_.coordination, *maps_, shard::ShardLimits{},
                    clock_, metrics_, Logger());
    snapshots_.emplace(*engines_.blobs, *vault_, pool_, 1u << 24u);
    history_.emplace(*engines_.blobs, *vault_, pool_, 1u << 26u);
    access_.emplace(access::Access::Dependencies{*engines_.tables, *identity_, *audit_, clock_, metrics_});
    must(concord::testing::run_on(reactors_.at(), access_->start()));
    documents_.emplace(
        documents::Documents::Dependencies{*shards_, *engines_.tables, *snapshots_, *history_, *identity_, *vault_,
                                           *access_, *engines_.bus, reconnects_, pool_, clock_, metrics_, Logger()},
        documents::DocumentLimits{});
    mcp_.emplace(mcp::Mcp::Dependencies{*documents_, *access_, *identity_, *audit_, pool_, metrics_, Logger()},
                 documents::DocumentLimits{});
    socketio_.emplace(socketio::Options{}, reactors_.all(), clock_, metrics_,
                      [this](Reactor& reactor) { return documents_->live().make_ot_handler(reactor); });
    must(concord::testing::run_on(reactors_.at(), socketio_->start()));
    identity_->export_documents_by(
        [this](UserId user, std::string after) { return documents_->export_of(user, std::move(after)); });
    identity_->on_account_removed([this](UserId user) { return documents_->remove_owned(user); });
    net::Router router;
    identity_->add_routes(router);
    documents_->add_routes(router);
    mcp_->add_routes(router);
    socketio_->add_routes(router);
    audit_->add_routes(router, [this](const net::Request& request) { return identity_->require_admin(request); });
    guard::add_lock_routes(
        router, watch_, [this](const net::Request& request) { return identity_->require_admin(request); },
        [](const net::Request&, const guard::Lock&) -> Task<> { co_return Result<>(); });
    documents::add_shard_routes(
        router, *documents_, metrics_,
        {.may_administer = [this](const net::Request& request) { return identity_->require_admin(request); },
         .node_of = [](engines::ShardId) { return std::optional<std::string>("node-1"); },
         .may_split = [] { return Result<>(); },
         .on_split = [](const net::Request&, engines::ShardId, engines::ShardId) -> Task<> { co_return Result<>(); }});
    gateway_.emplace(GatewayOptions{}, std::move(router),
                     std::vector<HealthCheck>{{"documents", [this] { return documents_->ready(); }}}, metrics_,
                     Logger());
  }
  ~Hub() {
    concord::testing::run_on(reactors_.at(), socketio_->close());
    concord::testing::run_on(reactors_.at(), documents_->drain(5'000));
    concord::testing::run_on(reactors_.at(), audit_->stop());
    identity_->stop();
    pool_.stop();
  }
  void start() { must(concord::testing::run_on(reactors_.at(), documents_->start())); }

  /// Asks, and holds the answer against the document.
  net::Response ask(std::string method, std::string path, std::string pattern, std::string body = {}) {
    std::vector<net::Header> headers;
    if (!token.empty()) headers.push_back({"authorization", "Bearer " + token});
    headers.insert(headers.end(), more_headers.begin(), more_headers.end());
    auto response = concord::testing::run_on(
        reactors_.at(), gateway_->handle(make_request(method, std::move(path), std::move(headers), std::move(body))));
    for (const std::string& fault : openapi_.answer_faults(method, pattern, response))
      ADD_FAILURE() << fault << "\n" << response.body;
    asked.insert(method + " " + pattern);
    return response;
  }
  const Gateway& gateway() const { return *gateway_; }
  guard::Watch& watch() { return watch_; }

  std::string token;
  std::vector<net::Header> more_headers;
  std::set<std::string> asked;

 private:
  static void must(Result<> done) {
    if (!done) throw std::runtime_error(done.error().message);
  }

  TemporaryDirectory directory_;
  OpenApi openapi_{openapi_text()};
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  net::Reconnects reconnects_{1'000, 1};
  concord::testing::RunningReactors reactors_{2};
  BlockingPool pool_{2};
  engines::Engines engines_;
  std::optional<audit::Audit> audit_;
  guard::Watch watch_{{.failures_per_10_minutes = 2},
                      {clock_, ids_, metrics_, [](const net::Route&) { return false; }, {}}};
  mail::Mailer mailer_{{.url = "smtp://127.0.0.1:1", .from = "hub@example.org"}, metrics_, Logger()};
  std::optional<vault::Vault> vault_;
  std::optional<identity::Identity> identity_;
  std::optional<access::Access> access_;
  std::optional<shard::TableShardMaps> maps_;
  std::optional<shard::Shards> shards_;
  std::optional<shard::SnapshotStore> snapshots_;
  std::optional<documents::HistoryStore> history_;
  std::optional<documents::Documents> documents_;
  std::optional<mcp::Mcp> mcp_;
  std::optional<socketio::Server> socketio_;
  std::optional<Gateway> gateway_;
};

inline std::string text_of(const net::Response& response, const char* pointer) {
  return std::string(bj::parse(response.body).at_pointer(pointer).as_string());
}

}  // namespace concord::gateway::testing
