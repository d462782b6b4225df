#include "documents/documents.h"

#include <algorithm>
#include <ranges>

#include "crdt/update.h"
#include "documents/write_identity.h"

namespace concord::documents {

namespace {

constexpr std::int64_t kTakeAgainMs = 500;
constexpr std::int64_t kGiveMs = 3'000;  // for snapshots before a shard goes to another node: the log has the rest

Documents::Content content_of(LiveDocument& live, Format format) {
  live.read_at_this_version = true;
  return {render_json(live.doc(), format), live.version(), live.updated().wall_ms()};
}

/// The version that an update has just made; others may have come behind it.
std::uint64_t version_made(const LiveDocument& live, std::string_view author, ByteView update) {
  for (const HistoryRecord& record : std::views::reverse(live.tail()))
    if (record.principal == author && std::ranges::equal(*record.update, update)) return record.version;
  return live.version();  // a snapshot has taken the tail over meanwhile
}

}  // namespace

std::vector<std::unique_ptr<DocumentShard>> Documents::make_shards() {
  std::vector<std::unique_ptr<DocumentShard>> shards;
  shards.reserve(dependencies_.shards.most());
  for (std::size_t i = 0; i < dependencies_.shards.most(); ++i) {
    shards.push_back(std::make_unique<DocumentShard>(
        dependencies_.shards.at(i), dependencies_.snapshots, dependencies_.history, store_, dependencies_.vault,
        dependencies_.pool, limits_, dependencies_.clock, metrics_, dependencies_.logger));
  }
  return shards;
}

Documents::Documents(Dependencies dependencies, DocumentLimits limits)
    : dependencies_(std::move(dependencies)),
      limits_(limits),
      store_(dependencies_.tables, dependencies_.events),
      suggestions_(dependencies_.tables, dependencies_.vault),
      metrics_(dependencies_.metrics),
      ids_(dependencies_.clock),
      mention_limits_(limits_.mention_mail_ms),
      shards_(make_shards()),
      annotations_([this](DocumentId id) -> DocumentShard& { return shard_of(id); }, dependencies_.clock, ids_),
      live_(shards_, dependencies_.shards.slots(), limits_,
            {dependencies_.access, dependencies_.identity, dependencies_.bus, dependencies_.clock, dependencies_.logger,
             dependencies_.reconnects, dependencies_.watch, dependencies_.events}) {}

Documents::~Documents() = default;

void Documents::watch_mentions() {
  if (limits_.mention_mail_ms == 0 || !dependencies_.tell_mention) return;
  for (auto& shard : shards_) {
    mentions_.push_back(std::make_unique<MentionWatch>(
        *shard, MentionWatch::Dependencies{dependencies_.access, dependencies_.identity, store_,
                                           dependencies_.tell_mention, mention_limits_, dependencies_.logger}));
    shard->on_annotated(
        [watch = mentions_.back().get()](const DocumentShard::Live& live, const engines::LogRecord& record) {
          watch->annotated(live, record);
        });
  }
}

Task<> Documents::prepare() {
  CO_TRY_VOID(co_await dependencies_.tables.migrate(shard::shard_map_migrations()));
  CO_TRY_VOID(co_await slots().refresh());
  CO_TRY_VOID(co_await dependencies_.tables.migrate(DocumentStore::migrations()));
  CO_TRY_VOID(co_await dependencies_.tables.migrate(SuggestionStore::migrations()));
  dependencies_.identity.on_session_ended([this](identity::SessionId sign_in) { live_.sign_in_ended(sign_in); });
  dependencies_.access.on_change([this](std::optional<std::string> thing) {
    std::optional<DocumentId> document;
    if (thing) document = DocumentId::parse(*thing);  // anything else may be a folder
    live_.access_changed(document);
  });
  watch_mentions();
  live_.start();
  co_return Result<>{};
}

Task<> Documents::start() {
  CO_TRY_VOID(co_await prepare());
  for (std::uint32_t i = 0; i < slots().size(); ++i) CO_TRY_VOID(co_await take(engines::ShardId{i}));
  co_return co_await suggestions_.move_into(annotations_, dependencies_.logger);
}

Task<> Documents::start_among_nodes(FarDocuments& far) {
  far_ = &far;
  co_return co_await prepare();
}

Task<> Documents::take(engines::ShardId shard) {
  DocumentShard& taken = *shards_[shard.value];
  co_return co_await run_on(taken.reactor(), taken.start());
}

bool Documents::holds(engines::ShardId shard) const { return shards_[shard.value]->serves(); }

asio::awaitable<void> Documents::give(engines::ShardId shard) {
  DocumentShard& given = *shards_[shard.value];
  (void)co_await run_on(given.reactor(), drain_here(given, kGiveMs));  // cannot fail
}

Task<> Documents::drain_here(DocumentShard& shard, std::int64_t deadline_ms) {
  co_await shard.drain(deadline_ms);
  co_return Result<>{};
}

Task<engines::ShardId> Documents::split(engines::ShardId shard, std::optional<Slot> from) {
  DocumentShard& whole = *shards_[shard.value];
  CO_TRY(const engines::ShardId made, co_await run_on(whole.reactor(), whole.split(from)));
  if (far_ == nullptr) whole.reactor().post([this, &whole, made] { whole.spawn(take_at_last(made)); });
  co_return made;
}

/// Nobody else would.
asio::awaitable<void> Documents::take_at_last(engines::ShardId shard) {
  for (;;) {
    const auto taken = co_await take(shard);
    if (taken) co_return;
    dependencies_.logger.warn("cannot take a shard", {{"shard", shard.value}, {"error", taken.error().message}});
    if (!co_await sleep_ms(kTakeAgainMs)) co_return;
  }
}

asio::awaitable<void> Documents::drain(std::int64_t deadline_ms) {
  const std::int64_t until_ns = dependencies_.clock.monotonic_ns() + deadline_ms * 1'000'000;
  co_await live_.close();
  for (auto& shard : shards_) {
    const std::int64_t left_ms = (until_ns - dependencies_.clock.monotonic_ns()) / 1'000'000;
    (void)co_await run_on(shard->reactor(), drain_here(*shard, left_ms));  // cannot fail
  }
}

Result<> Documents::ready() const {
  for (std::uint32_t i = 0; i < slots().size(); ++i) {
    const auto& shard = shards_[i];
    if (shard->shard().state() != shard::Shard::State::kServing) {
      if (far_ != nullptr) continue;
      return fail(Code::kUnavailable, "shard " + std::to_string(shard->shard().id().value) + " is not serving");
    }
    if (!shard->shard().writable()) {
      return fail(Code::kUnavailable, "shard " + std::to_string(shard->shard().id().value) +
                                          " is read-only: the log cannot write; it goes on by itself when it can");
    }
  }
  return {};
}

Task<DocumentRow> Documents::create(identity::Authenticated who, std::string name, std::string doc_type,
                                    std::string folder, Format format, std::string content) {
  DocumentRow row;
  row.id = DocumentId::make(ids_, who.principal.id.slot());
  row.owner = who.principal.id;
  row.name = std::move(name);
  row.doc_type = std::move(doc_type);
  row.folder = std::move(folder);
  row.created_ms = dependencies_.clock.wall_ms();
  row.updated_ms = row.created_ms;
  row.access = Level::kOwner;
  CO_TRY_VOID(co_await store_.create(row, who.actor().str()));
  if (!content.empty()) {
    DocumentShard& shard = shard_of(row.id);
    auto written =
        co_await run_on(shard.reactor(), write_here(shard, row.id, who.actor().str(), format, std::move(content), {}));
    if (!written) {  // no document without the content it was asked for
      CO_TRY_VOID(co_await store_.remove(row.id, who.actor().str()));
      (void)co_await remove(
          row.id, who.actor().str());  // where the log cannot write: what it has without a row goes at a start
      co_return fail(std::move(written).error());
    }
    row.version = written->version;
    row.updated_ms = written->updated_ms;
  }
  co_return row;
}

Task<Documents::Content> Documents::read(DocumentId id, Format format) {
  if (far_ != nullptr && far_->is_far(id)) co_return co_await far_->read(id, format);
  DocumentShard& shard = shard_of(id);
  co_return co_await run_on(shard.reactor(), read_here(shard, id, format));
}

Task<Documents::Content> Documents::read_here(DocumentShard& shard, DocumentId id, Format format) {
  CO_TRY(auto live, co_await shard.open(id));
  Content content = content_of(*live, format);
  content.stale = !shard.shard().surely_owns();
  co_return content;
}

Task<Documents::Content> Documents::write(DocumentId id, std::string author, Format format, std::string content,
                                          std::uint64_t version) {
  DocumentShard& shard = shard_of(id);
  co_return co_await run_on(shard.reactor(),
                            write_here(shard, id, std::move(author), format, std::move(content), version));
}

Task<Documents::Content> Documents::write_here(DocumentShard& shard, DocumentId id, std::string author, Format format,
                                               std::string content, std::optional<std::uint64_t> version,
                                               std::uint64_t restores) {
  CO_TRY(auto live, co_await shard.open(id));
  const AsyncMutex::Hold one_at_a_time = co_await live->edit_mutex().lock();
  const std::uint64_t base = version.value_or(live->version());
  WriteIdentity identity = identify(id, author, format, content, base);
  if (restores > 0) identity.author.client = restoring_client(restores, identity.author.client);
  if (live->doc().state_vector().clock(identity.client) > 0) co_return content_of(*live, format);
  CO_TRY(const SharedBytes state, co_await shard.state_at(live, base));
  CO_TRY(Bytes update, co_await dependencies_.pool.run<Bytes>([&state, &content, format, client = identity.client] {
    return edit_update(*state, client, format, content);
  }));
  std::uint64_t made = 0;
  if (!update.empty()) {
    CO_TRY_VOID(shard.check_size(*live, update));
    const auto bytes = std::make_shared<const Bytes>(std::move(update));
    CO_TRY_VOID(co_await shard.submit_and_wait(live, bytes, identity.author));
    made = version_made(*live, author, *bytes);
  }
  if (live->removed) co_return fail(Code::kNotFound, "there is no such document");
  Content now = content_of(*live, format);
  now.made = made;
  co_return now;
}

Task<HistoryPage> Documents::history(DocumentId id, VersionNames names, std::uint64_t before, std::size_t limit) {
  DocumentShard& shard = shard_of(id);
  co_return co_await run_on(shard.reactor(), history_here(shard, id, std::move(names), before, limit));
}

Task<HistoryPage> Documents::history_here(DocumentShard& shard, DocumentId id, VersionNames names, std::uint64_t before,
                                          std::size_t limit) {
  CO_TRY(auto live, co_await shard.open(id));
  (void)live->doc();  // so that it is known what of its tail only annotates
  co_return co_await shard.history().page(shard.history_source(*live), std::move(names), before, limit);
}

Task<SharedBytes> Documents::state_here(DocumentShard& shard, DocumentId id, std::uint64_t version) {
  CO_TRY(auto live, co_await shard.open(id));
  if (version > live->version()) {
    co_return fail(Error{Code::kNotFound,
                         "the document has no such version",
                         {{"value", std::to_string(version)}, {"current_version", std::to_string(live->version())}}});
  }
  co_return co_await shard.state_at(live, version);
}

Task<Documents::Content> Documents::read_version(DocumentId id, Format format, std::uint64_t version) {
  DocumentShard& shard = shard_of(id);
  CO_TRY(const SharedBytes state, co_await run_on(shard.reactor(), state_here(shard, id, version)));
  CO_TRY(std::string json, co_await dependencies_.pool.run<std::string>([&state, format]() -> Result<std::string> {
    crdt::Doc doc;
    TRY_VOID(doc.apply_update(*state));
    return render_json(doc, format);
  }));
  co_return Content{std::move(json), version, 0};
}

Task<std::vector<HistoryRecord>> Documents::records_here(DocumentShard& shard, DocumentId id, std::uint64_t from,
                                                         std::uint64_t to) {
  CO_TRY(auto live, co_await shard.open(id));
  co_return co_await shard.history().between(shard.history_source(*live), from, to);
}

Task<std::vector<VersionChange>> Documents::changes(DocumentId id, std::uint64_t from, std::uint64_t to) {
  DocumentShard& shard = shard_of(id);
  CO_TRY(const SharedBytes state, co_await run_on(shard.reactor(), state_here(shard, id, from)));
  CO_TRY(const auto records, co_await run_on(shard.reactor(), records_here(shard, id, from, to)));
  co_return co_await dependencies_.pool.run<std::vector<VersionChange>>(
      [&state, &records] { return version_changes(*state, records); });
}

Task<Documents::Content> Documents::restore(DocumentId id, std::string author, Format format, std::uint64_t version) {
  CO_TRY(Content then, co_await read_version(id, Format::kDelta, version));
  DocumentShard& shard = shard_of(id);
  CO_TRY_VOID(co_await run_on(shard.reactor(), write_here(shard, id, std::move(author), Format::kDelta,
                                                          std::move(then.json), std::nullopt, version)));
  co_return co_await read(id, format);
}

Task<> Documents::remove(DocumentId id, std::string author) {
  if (far_ != nullptr && far_->is_far(id)) co_return co_await far_->remove(id, std::move(author));
  DocumentShard& shard = shard_of(id);
  auto removed = co_await run_on(shard.reactor(), remove_here(shard, id, std::move(author)));
  dependencies_.access.changed(id.str());
  co_return removed;
}

Task<> Documents::remove_here(DocumentShard& shard, DocumentId id, std::string author) {
  co_return co_await shard.remove(id, std::move(author));
}

}  // namespace concord::documents
