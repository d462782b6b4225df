#include "archive/archiver.h"

#include <algorithm>

namespace concord::archive {

namespace {
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kExpireEveryMs = 60'000;
constexpr int kMostRounds = 100;
}  // namespace

Archiver::Archiver(engines::Blobs& target, ArchiveSource source, ArchiverOptions options, BlockingPool& pool,
                   Clock& clock, const Logger& logger, Metrics& metrics)
    : source_(std::move(source)),
      options_(std::move(options)),
      clock_(clock),
      logger_(logger),
      failures_(metrics.counter("concord_archive_failures_total", "Rounds of the archiver that failed.")),
      segments_(metrics.gauge("concord_archive_segments", "Segments of the log that the archive has something of.")),
      pending_blobs_(metrics.gauge("concord_archive_pending_blobs", "Changes of blobs that are not archived yet.")),
      archive_(target, clock, logger, metrics, options_.durability),
      log_(archive_, pool, logger),
      blobs_(archive_, *source_.blobs, source_.changes, clock),
      database_(archive_, *source_.files, source_.database_path, source_.temporary_path, pool, clock),
      archived_to_ns_(clock.monotonic_ns()) {}

Task<> Archiver::load() {
  CO_TRY_VOID(co_await archive_.load(source_.log));
  log_.load();
  blobs_.load();
  database_.load();
  passed_ = 0;
  loaded_ = true;
  co_return Result<>{};
}

Task<> Archiver::bring(std::int64_t deadline_ns) {
  if (!loaded_) CO_TRY_VOID(co_await load());
  const std::int64_t began_ms = clock_.wall_ms();
  const LogArchiver::Extents extents = source_.extents();
  CO_TRY_VOID(co_await log_.archive(extents));
  CO_TRY_VOID(co_await blobs_.archive(deadline_ns));
  CO_TRY_VOID(co_await database_.archive());
  expire();
  CO_TRY_VOID(co_await archive_.commit(began_ms, blobs_.complete()));
  // What the hub still had when the round began is what its snapshots needed; the archive has all of these now.
  const std::uint32_t oldest = extents.empty() ? 0 : extents.front().segment->number;
  if (blobs_.caught_up()) passed_ = oldest;
  if (!extents.empty()) source_.release(extents.back().segment->number);
  segments_.set(static_cast<std::int64_t>(log_.segments()));
  pending_blobs_.set(source_.changes == nullptr ? 0 : static_cast<std::int64_t>(source_.changes->size()));
  co_return Result<>{};
}

void Archiver::expire() {
  if (expired_ns_ != 0 && clock_.monotonic_ns() - expired_ns_ < kExpireEveryMs * kNsPerMs) return;
  expired_ns_ = clock_.monotonic_ns();
  const std::int64_t now_ms = clock_.wall_ms();
  database_.thin_out(now_ms, options_.keep_ms);
  if (options_.keep_ms == 0) return;
  log_.drop_old(passed_, now_ms - options_.keep_ms);
  std::vector<std::string> gone;
  for (const auto& [key, object] : archive_.manifest().objects()) {
    if (object.gone_ms != 0 && object.gone_ms < now_ms - options_.keep_ms) gone.push_back(key);
  }
  for (const std::string& key : gone) archive_.drop(key);
}

Task<> Archiver::round() {
  const std::int64_t began_ns = clock_.monotonic_ns();
  Result<> done = co_await bring(began_ns + options_.interval_ms * kNsPerMs / 2);
  note(done, began_ns);
  co_return done;
}

Task<> Archiver::catch_up() {
  for (int i = 0; i < kMostRounds; ++i) {
    CO_TRY_VOID(co_await round());
    if (blobs_.caught_up()) co_return Result<>{};
  }
  co_return fail(Code::kUnavailable, "snapshots were replaced faster than they could be copied; try again");
}

void Archiver::note(const Result<>& done, std::int64_t began_ns) {
  if (done) {
    archived_to_ns_ = began_ns;
    if (retry_ms_ != 0) logger_.info("archive: goes on");
    retry_ms_ = 0;
  } else {
    failures_.add();
    if (retry_ms_ == 0) logger_.error("archive: a round failed; the hub goes on", {{"reason", done.error().message}});
    loaded_ = false;
    retry_ms_ = std::clamp(2 * retry_ms_, options_.interval_ms, std::max(options_.interval_ms, kMaxRetryMs));
  }
  const std::lock_guard lock(mutex_);
  last_ = done;
}

asio::awaitable<void> Archiver::run() {
  for (;;) {
    const std::int64_t began_ns = clock_.monotonic_ns();
    (void)co_await round();  // `note` has told
    const std::int64_t took_ms = (clock_.monotonic_ns() - began_ns) / kNsPerMs;
    const std::int64_t wait_ms = retry_ms_ != 0 ? retry_ms_ : std::max<std::int64_t>(1, options_.interval_ms - took_ms);
    if (!co_await sleep_ms(wait_ms)) break;
  }
  (void)co_await round();
}

double Archiver::lag_seconds() const {
  return static_cast<double>(clock_.monotonic_ns() - archived_to_ns_.load()) * 1e-9;
}

Result<> Archiver::state() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace concord::archive
