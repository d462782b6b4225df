#include "app/hub.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include "access/access.h"
#include "app/address.h"
#include "app/certificate_watch.h"
#include "app/cluster.h"
#include "app/descriptor_limit.h"
#include "app/event_publishing.h"
#include "app/logging.h"
#include "app/other_nodes.h"
#include "app/shard_admin.h"
#include "app/stop_signals.h"
#include "app/threat_notes.h"
#include "app/token_callers.h"
#include "app/watched_reads.h"
#include "archive/hub_archive.h"
#include "archive/settings.h"
#include "audit/audit.h"
#include "base/async.h"
#include "documents/documents.h"
#include "drivers/open.h"
#include "engines/open.h"
#include "gateway/gateway.h"
#include "guard/connection_limits.h"
#include "guard/lock_routes.h"
#include "guard/request_limits.h"
#include "identity/identity.h"
#include "identity/mention_mails.h"
#include "mail/mailer.h"
#include "mcp/mcp.h"
#include "net/self_signed.h"
#include "net/server.h"
#include "net/settings.h"
#include "reconcile/reconciler.h"
#include "shard/settings.h"
#include "shard/shards.h"
#include "shard/snapshot_store.h"
#include "socketio/server.h"
#include "vault/settings.h"
#include "vault/vault.h"

namespace concord::app {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;

std::size_t reactor_count(const Config& config) {
  const auto configured = static_cast<std::size_t>(config.integer("REACTORS"));
  return configured > 0 ? configured : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

Result<> make_data_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return fail(Error{Code::kInvalidArgument,
                      "DATA: cannot make the directory \"" + path + "\": " + error.message(),
                      {{"field", "DATA"}, {"value", path}}});
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return {};
}

/// Everything a node is made of, in the order in which one thing stands on another.
class Hub {
 public:
  Hub(const Config& config, net::ServerOptions listen, engines::LeaseWitness* leases, Logger logger, Metrics& metrics)
      : config_(config),
        leases_(leases),
        listen_(std::move(listen)),
        logger_(std::move(logger)),
        metrics_(metrics),
        ids_(clock_),
        reconnects_(static_cast<std::size_t>(config.integer("RECONNECTS_PER_SECOND")), ids_.random64()),
        reactors_(reactor_count(config)),
        pool_(static_cast<std::size_t>(config.integer("BLOCKING_THREADS"))) {}

  Result<> start() {
    TRY(guard_, guard::options_from(config_));
    if (listen_.tls_self_signed) TRY_VOID(keep_certificate());
    certificate_.emplace(std::vector{listen_.tls_certificate_file, listen_.tls_key_file});
    engines::EnginesOptions options = engines::options_from(config_, config_.string("DATA"));
    const std::string archive = archive::directory_from(config_);
    options.log_archived = !archive.empty();
    TRY(engines_, drivers::open_engines(config_, std::move(options), clock_, ids_, logger_, metrics_, leases_));
    if (!archive.empty()) {
      TRY_VOID(check_archivable());
      archive_ = std::make_unique<archive::HubArchive>(archive, archive::options_from(config_), engines_, clock_,
                                                       logger_, metrics_);
    }
    reactors_.start();
    TRY_VOID(open_vault());
    build_others();
    audit_ = std::make_unique<audit::Audit>(
        audit::options_from(config_),
        audit::Audit::Dependencies{*engines_.tables, *engines_.embedded.files, pool_, clock_, metrics_, logger_});
    TRY_VOID(wait_for(reactors_.at(0), audit_->start(reactors_.at(0))));
    TRY(events_, EventPublishing::make(config_, {*engines_.tables, *engines_.coordination, reactors_.at(0), clock_,
                                                 ids_, metrics_, logger_, node_name()}));
    if (events_) TRY_VOID(wait_for(reactors_.at(0), events_->start()));
    TRY_VOID(open_mail());
    watch_ = std::make_unique<guard::Watch>(
        guard_, guard::Watch::Dependencies{clock_, ids_, metrics_, reads_a_document,
                                           [this](const guard::Threat& threat) { saw(threat); },
                                           [this](const guard::Lock& lock) { lock_out(lock); }});
    if (others_) watch_->share(guards()->relay());
    TRY(identity::Options people, identity::Options::from(config_, !is_loopback(listen_.host)));
    identity_ = std::make_unique<identity::Identity>(
        std::move(people), identity::Dependencies{*engines_.tables, pool_, clock_, ids_, metrics_, logger_, *audit_,
                                                  mailer_.get(), vault_.get(), watch_.get(), changes(), guards()});
    TRY_VOID(wait_for(reactors_.at(0), identity_->start()));
    TRY_VOID(build_services());
    TRY_VOID(wait_for(reactors_.at(0), access_->start()));
    TRY_VOID(wait_for(reactors_.at(0), socketio_->start()));
    if (others_) TRY_VOID(wait_for(reactors_.at(0), others_->start()));
    if (cluster_) TRY_VOID(cluster_->listen());
    TRY_VOID(server_->start());  // answers /health/live from here on; /health/ready once the shards have recovered
    TRY_VOID(cluster_ ? cluster_->start() : wait_for(reactors_.at(0), documents_->start()));
    if (archive_ && shards_->slots().size() > shard::kFirstShards) return archived_and_split();
    TRY_VOID(wait_for(reactors_.at(0), reconciler_->start()));
    if (!cluster_) TRY_VOID(wait_for(reactors_.at(0), identity_->finish_removals()));
    if (events_ && (!cluster_ || cluster_->roles().worker)) events_->publish();
    if (archive_) archive_->start(reactors_.at(0));
    return {};
  }

  void stop() {
    const std::int64_t all_ms = config_.integer("SHUTDOWN_MS");
    const std::int64_t until_ns = clock_.monotonic_ns() + all_ms * 1'000'000;
    if (server_) {
      gateway_->begin_drain();
      if (cluster_) cluster_->stop(all_ms / 4);
      drain(socketio_->close());
      drain(server_->drain(all_ms / 2));
    }
    if (reconciler_) drain(reconciler_->stop());
    if (documents_) drain(documents_->drain(all_ms / 2));
    if (others_) drain(others_->stop());
    if (audit_) drain(audit_->stop());
    if (events_) drain(events_->stop());
    if (archive_) drain(archive_->stop(until_ns));
    if (identity_) identity_->stop();
    if (mailer_) mailer_->stop();
    server_.reset();
    pool_.stop();
    reactors_.stop();
  }

  /// What is done now and then; `asked`: by SIGHUP. Not from a reactor.
  void look_after(bool asked) {
    look_after_certificate(asked);
    if (!asked && clock_.wall_ms() - keys_kept_ms_ < kMinuteMs) return;
    keys_kept_ms_ = clock_.wall_ms();
    if (auto kept = wait_for(reactors_.at(0), identity_->look_after_keys()); !kept)
      logger_.error("the signing keys are not looked after", {{"error", kept.error().message}});
  }

  /// Of the certificate that the hub made; empty where it has none of its own.
  const std::string& fingerprint() const { return fingerprint_; }
  std::string url() const { return url_of(listen_.host, server_->port(), !listen_.tls_certificate_file.empty()); }
  std::optional<std::string> setup_token() const { return identity_->setup_token(); }

 private:
  /// Renews the hub's own certificate in time, and takes up one that has changed.
  void look_after_certificate(bool asked) {
    if (listen_.tls_certificate_file.empty()) return;
    constexpr std::int64_t kHourMs = 3'600'000;
    if (listen_.tls_self_signed && (asked || clock_.wall_ms() - certificate_kept_ms_ > kHourMs)) {
      if (auto kept = keep_certificate(); !kept)
        logger_.error("the certificate is not kept", {{"error", kept.error().message}});
    }
    if (!certificate_->changed() && !asked) return;
    if (auto loaded = server_->reload_tls(); !loaded) {
      logger_.error("the old certificate stays in use", {{"error", loaded.error().message}});
    } else {
      logger_.info("the certificate was read again");
    }
  }

  Result<> keep_certificate() {
    const std::string path = config_.string("DATA") + "/tls.pem";
    std::vector<std::string> names = net::names_of_this_machine();
    certificate_kept_ms_ = clock_.wall_ms();
    TRY(net::SelfSigned kept, net::keep_self_signed(path, names, certificate_kept_ms_));
    listen_.tls_certificate_file = listen_.tls_key_file = path;
    fingerprint_ = kept.fingerprint;
    if (kept.made)
      logger_.warn("made a certificate; browsers ask about it once",
                   {{"sha256", fingerprint_}, {"file", path}, {"expires", format_time(kept.expires_ms)}});
    return {};
  }

  /// The archive copies what the embedded engines keep; the others have ways of their own.
  Result<> check_archivable() const {
    if (engines_.embedded.log != nullptr && !engines_.embedded.database_path.empty() &&
        config_.string("S3_ENDPOINT").empty())
      return {};
    return fail(
        Error{Code::kInvalidArgument,
              "ARCHIVE_DIR copies the embedded engines alone; leave it empty, and let PostgreSQL and S3 keep copies",
              {{"field", "ARCHIVE_DIR"}}});
  }

  /// Under which ownerships are this process's.
  std::string node_name() const {
    if (const std::string& name = config_.string("NODE_NAME"); !name.empty()) return name;
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != 0 ? name.data() : "node";
  }

  engines::Blobs& hub_blobs() { return archive_ ? archive_->blobs() : *engines_.blobs; }

  Result<> open_vault() {
    TRY(vault::Options options,
        wait_for(reactors_.at(0), vault::options_from(config_, config_.string("DATA"), hub_blobs(), logger_)));
    vault_ = std::make_unique<vault::Vault>(hub_blobs(), std::move(options.masters), options.sealing);
    TRY_VOID(wait_for(reactors_.at(0), vault_->keys().check()));
    if (config_.string("MASTER_KEYS_PREVIOUS").empty()) return {};
    TRY(const std::size_t wrapped, wait_for(reactors_.at(0), vault_->keys().rewrap()));
    logger_.info("the users' keys are wrapped by the current master key", {{"wrapped_anew", wrapped}});
    return {};
  }

  /// Where the tables are shared there may be other nodes.
  void build_others() {
    if (engines_.embedded.database_path.empty())
      others_ = std::make_unique<OtherNodes>(engines_, reactors_.at(0), clock_, ids_, metrics_, logger_, *vault_);
  }
  changes::Changes* changes() { return others_ ? &others_->changes() : nullptr; }
  events::Journal* journal() { return events_ ? &events_->journal() : nullptr; }
  guard::OtherNodes* guards() { return others_ ? &others_->guards() : nullptr; }

  Result<> open_mail() {
    TRY(mail::Options options, mail::options_from(config_));
    if (options.url.empty()) return {};
    if (config_.string("PUBLIC_URL").empty())
      return fail(
          Error{Code::kInvalidArgument, "PUBLIC_URL is needed where mail is sent: links in it begin with it", {}}.with(
              "field", "PUBLIC_URL"));
    mailer_ = std::make_unique<mail::Mailer>(std::move(options), metrics_, logger_);
    return {};
  }

  void saw(const guard::Threat& threat) {
    note_threat(*audit_, logger_, threat);
    if (threat.lock) lock_out(*threat.lock);
  }

  /// Closes what a user who is locked has open.
  void lock_out(const guard::Lock& lock) {
    if (lock.kind == guard::LockKind::kSigningIn || !documents_) return;
    if (const auto user = UserId::parse(lock.subject)) documents_->live().locked_out(*user);
  }

  void note_refusal(gateway::Refusal refusal) {
    audit::Event event{.action = "request.refused",
                       .target = std::move(refusal.path),
                       .outcome = audit::Outcome::kRefused,
                       .address = std::move(refusal.address),
                       .request_id = std::move(refusal.request_id)};
    if (refusal.caller) {
      const identity::Authenticated& who = TokenCallers::authenticated(*refusal.caller);
      event.actor = who.actor().str();
      event.session = who.session.str();
    }
    event.detail = {{"method", std::move(refusal.method)},
                    {"status", std::to_string(refusal.status)},
                    {"why", std::move(refusal.error.message)}};
    audit_->note(std::move(event));
  }

  Task<> record_unlocked(const net::Request& request, const guard::Lock& lock) {
    CO_TRY(const identity::Authenticated who, co_await identity_->authenticate(request));
    co_return co_await audit_->record(
        {.action = "lock.ended",
         .actor = who.actor().str(),
         .target = lock.id.str(),
         .address = request.peer_address,
         .session = who.session.str(),
         .request_id = request.request_id,
         .detail = {{"kind", std::string(to_string(lock.kind))}, {"subject", lock.subject}}});
  }

  void drain(asio::awaitable<void> work) {
    (void)wait_for(reactors_.at(0), [](asio::awaitable<void> inner) -> Task<> {
      co_await std::move(inner);
      co_return Result<>{};
    }(std::move(work)));
  }

  /// What goes when an account goes. Without the keys all that was sealed for the user is unreadable, in archives too.
  void build_leaving() {
    identity_->export_documents_by(
        [this](UserId user, std::string after) { return documents_->export_of(user, std::move(after)); });
    identity_->on_account_removed([this](UserId user) { return documents_->remove_owned(user); });
    identity_->on_account_removed([this](UserId user) { return destroy_keys(user); });
    identity_->on_account_removed([this](UserId user) { return documents_->remove_owned(user); });  // made meanwhile
  }

  Task<> destroy_keys(UserId user) {
    CO_TRY_VOID(co_await vault_->keys().destroy(user));
    if (others_) others_->keys_destroyed(user);
    audit::Event event{.action = "key.destroyed", .actor = user.str(), .target = user.str()};
    co_return co_await audit_->record(std::move(event));
  }

  documents::TellMention mention_mails() {
    if (!mention_mails_) return {};
    return [mails = mention_mails_.get()](UserId user, documents::MentionNotice notice) {
      return mails->tell(user, {.by = std::move(notice.by),
                                .document = std::move(notice.document),
                                .page = std::move(notice.page),
                                .line = std::move(notice.line)});
    };
  }

  void build_reconciler() {
    std::vector<documents::DocumentShard*> shards;
    shards.reserve(shards_->most());
    for (std::uint32_t i = 0; i < shards_->most(); ++i) shards.push_back(&documents_->shard_at(engines::ShardId{i}));
    reconciler_ = std::make_unique<reconcile::Reconciler>(
        reconcile::options_from(config_),
        reconcile::Reconciler::Dependencies{std::move(shards), documents_->store(), *snapshots_, *history_, hub_blobs(),
                                            *engines_.tables, shards_->log(), clock_, metrics_, logger_,
                                            [this](const reconcile::Finding& finding) { note_repair(finding); }});
  }

  void note_repair(const reconcile::Finding& finding) {
    if (!finding.repaired) return;  // the log's lines and the metrics tell, with each pass
    audit_->note({.action = "document.repaired",
                  .target = finding.document,
                  .detail = {{"what", std::string(reconcile::to_string(finding.what))}, {"why", finding.detail}}});
  }

  void build_shards(const documents::DocumentLimits& limits, engines::Blobs& blobs) {
    shard_maps_ = std::make_unique<shard::TableShardMaps>(*engines_.tables);
    shards_ = std::make_unique<shard::Shards>(node_name(), reactors_, *engines_.log, *engines_.coordination,
                                              *shard_maps_, shard::limits_from(config_), clock_, metrics_, logger_);
    if (engines_.cache) snapshot_cache_ = std::make_unique<shard::SnapshotCache>(*engines_.cache, metrics_);
    snapshots_ =
        std::make_unique<shard::SnapshotStore>(blobs, *vault_, pool_, limits.snapshot_bytes(), snapshot_cache_.get());
    history_ = std::make_unique<documents::HistoryStore>(blobs, *vault_, pool_, documents::max_history_chunk(limits));
  }

  Result<> build_services() {
    const documents::DocumentLimits limits = documents::limits_from(config_);
    build_shards(limits, hub_blobs());
    access_ = std::make_unique<access::Access>(
        access::Access::Dependencies{*engines_.tables, *identity_, *audit_, clock_, metrics_, changes(), journal()});
    watched_reads_ = std::make_unique<WatchedReads>(*watch_, *audit_);
    if (mailer_) {
      std::string url = config_.string("PUBLIC_URL");
      while (url.ends_with('/')) url.pop_back();
      mention_mails_ = std::make_unique<identity::MentionMails>(*engines_.tables, *mailer_, std::move(url));
    }
    documents_ = std::make_unique<documents::Documents>(
        documents::Documents::Dependencies{*shards_, *engines_.tables, *snapshots_, *history_, *identity_, *vault_,
                                           *access_, *engines_.bus, reconnects_, pool_, clock_, metrics_, logger_,
                                           watched_reads_.get(), mention_mails(), journal()},
        limits);
    build_reconciler();
    mcp_ = std::make_unique<mcp::Mcp>(mcp::Mcp::Dependencies{*documents_, *access_, *identity_, *audit_, pool_,
                                                             metrics_, logger_, watched_reads_.get()},
                                      limits);
    socketio_ = std::make_unique<socketio::Server>(
        socketio::options_from(config_), reactors_, clock_, metrics_,
        [this](Reactor& reactor) { return documents_->live().make_ot_handler(reactor); });
    build_leaving();

    connections_ = std::make_unique<guard::ConnectionLimits>(guard_, clock_, metrics_);
    callers_ = std::make_unique<TokenCallers>(*identity_);
    limits_ = std::make_unique<guard::RequestLimits>(guard_, *callers_, clock_, metrics_);
    if (others_) limits_->share(guards()->buckets());
    net::Router router;
    identity_->add_routes(router);
    documents_->add_routes(router);
    mcp_->add_routes(router);
    socketio_->add_routes(router);
    audit_->add_routes(router, [this](const net::Request& request) { return identity_->require_admin(request); });
    guard::add_lock_routes(
        router, *watch_, [this](const net::Request& request) { return identity_->require_admin(request); },
        [this](const net::Request& request, const guard::Lock& lock) { return record_unlocked(request, lock); });
    documents::add_shard_routes(
        router, *documents_, metrics_,
        shard_route_parts({*identity_, *audit_, *documents_, cluster_, node_name(), archive_ != nullptr}));
    gateway::GatewayOptions options = gateway::options_from(config_);
    options.default_body_bytes = listen_.max_body_bytes;
    options.proxies = guard_.proxies;
    options.limits = limits_.get();
    options.reconnects = &reconnects_;
    options.watch = watch_.get();
    options.on_refused = [this](gateway::Refusal refusal) { note_refusal(std::move(refusal)); };
    TRY(cluster_, Cluster::make(config_, {config_, node_name(), reactors_, *engines_.coordination, *documents_,
                                          reconnects_, clock_, metrics_, logger_}));
    if (cluster_) {
      cluster_->add_job("account-removals", kMinuteMs, [this](shard::Term&) { return identity_->finish_removals(); });
      options.for_clients = cluster_->roles().gateway;
      options.elsewhere = cluster_->elsewhere(
          [this](net::Request request) { return gateway_->answer_for_other_node(std::move(request)); });
    }
    if (!cluster_) options.elsewhere = wait_for_splits(*documents_, clock_);
    std::vector<gateway::HealthCheck> checks{{"documents", [this] { return documents_->ready(); }}};
    if (cluster_) checks.push_back({"nodes", [this] { return cluster_->ready(); }});
    if (archive_) checks.push_back({"archive", [this] { return archive_->state(); }, false});
    gateway_ =
        std::make_unique<gateway::Gateway>(std::move(options), std::move(router), std::move(checks), metrics_, logger_);

    server_ = std::make_unique<net::Server>(listen_, reactors_, *gateway_, logger_, metrics_, connections_.get(),
                                            &reconnects_);
    return {};
  }

  const Config& config_;
  engines::LeaseWitness* const leases_;  // null: nobody watches over this process
  net::ServerOptions listen_;
  Logger logger_;
  Metrics& metrics_;
  SystemClock clock_;
  SystemIdSource ids_;
  net::Reconnects reconnects_;
  Reactors reactors_;
  BlockingPool pool_;
  engines::Engines engines_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<archive::HubArchive> archive_;
  std::unique_ptr<OtherNodes> others_;  // null: no other node can be
  std::unique_ptr<audit::Audit> audit_;
  std::unique_ptr<EventPublishing> events_;  // null: nothing is told to programs outside
  std::unique_ptr<mail::Mailer> mailer_;
  std::unique_ptr<identity::MentionMails> mention_mails_;  // null: the hub sends no mail
  std::unique_ptr<guard::Watch> watch_;
  std::unique_ptr<WatchedReads> watched_reads_;
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<access::Access> access_;
  std::unique_ptr<shard::TableShardMaps> shard_maps_;
  std::unique_ptr<shard::Shards> shards_;
  std::unique_ptr<shard::SnapshotCache> snapshot_cache_;  // null: there is none
  std::unique_ptr<shard::SnapshotStore> snapshots_;
  std::unique_ptr<documents::HistoryStore> history_;
  std::unique_ptr<documents::Documents> documents_;
  std::unique_ptr<reconcile::Reconciler> reconciler_;
  std::unique_ptr<mcp::Mcp> mcp_;
  std::unique_ptr<socketio::Server> socketio_;
  guard::Options guard_;
  std::optional<CertificateWatch> certificate_;
  std::int64_t keys_kept_ms_ = 0;
  std::int64_t certificate_kept_ms_ = 0;
  std::string fingerprint_;
  std::unique_ptr<guard::ConnectionLimits> connections_;
  std::unique_ptr<TokenCallers> callers_;
  std::unique_ptr<guard::RequestLimits> limits_;
  std::unique_ptr<Cluster> cluster_;  // null: the hub is one node
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace

Result<> serve_until_signal(const Config& config, std::ostream& out, Supervised* supervised) {
  TRY(net::ServerOptions listen, net::from_config(config));
  TRY_VOID(make_data_directory(config.string("DATA")));
  raise_descriptor_limit();
  const StopSignals signals;
  const Logger logger = make_logger(config);
  Metrics metrics;
  if (supervised != nullptr)
    metrics
        .counter("concord_supervisor_restarts_total", "Times that this hub died and its supervisor started it again.")
        .add(supervised->restarts());
  Hub hub(config, std::move(listen), supervised != nullptr ? &supervised->leases() : nullptr, logger, metrics);
  auto started = hub.start();
  if (started) {
    out << "Concord is at " << hub.url() << std::endl;
    if (!hub.fingerprint().empty())
      out << "Its certificate is its own; the SHA-256 fingerprint is " << hub.fingerprint() << std::endl;
    if (auto token = hub.setup_token()) {
      out << "Make the first account, which owns the hub, with this one-time link: " << hub.url()
          << "/register?setup=" << *token << std::endl;
    }
    logger.info("serving", {{"address", hub.url()}});
    signals.wait([&hub](bool asked) { hub.look_after(asked); });
    logger.info("draining");
  }
  if (supervised == nullptr) signals.restore();  // a supervisor counts the signals, and ends the process by SIGKILL
  hub.stop();
  if (started) logger.info("stopped");
  return started;
}

}  // namespace concord::app
