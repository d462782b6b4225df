#include "redis/redis_cache.h"

#include <atomic>

#include "redis/client.h"
#include "redis/key_slot.h"
#include "redis/transport.h"

namespace concord::redis {
namespace {

constexpr std::size_t kFailuresToBreak = 3;
constexpr std::int64_t kBreakMs = 2'000;

RedisOptions with_short_deadlines(RedisOptions options, const CacheOptions& cache) {
  options.purpose = "cache";
  options.call_timeout_ms = cache.wait_ms;
  options.breaker_failures = kFailuresToBreak;
  options.breaker_open_ms = kBreakMs;
  return options;
}

/// What works on the driver's own reactor.
struct Core {
  Core(RedisOptions o, CacheOptions c, std::unique_ptr<TlsTrust> t, Clock& clock, IdSource& ids, Logger l,
       Metrics& registry)
      : options(with_short_deadlines(std::move(o), c)),
        cache(c),
        trust(std::move(t)),
        logger(std::move(l)),
        metrics(registry),
        dropped(registry.counter("concord_redis_cache_dropped_total",
                                 "Values that the cache did not take: too much was on its way, or Redis was full "
                                 "or away.",
                                 {})),
        prefix(
            (options.database == 0 ? options.name_space : options.name_space + "." + std::to_string(options.database)) +
            "/cache/"),
        keep_ms(std::to_string(cache.keep_ms)),
        loop(1),
        idle(loop.at(0)),
        tasks(loop.at(0)),
        client(loop.at(0), options, trust.get(), clock, logger, metrics, ids.random64()) {}

  Task<std::optional<Bytes>> get(std::string key) {
    std::string name = prefix + key;
    RedisClient::Call call{.command = {"GETEX", name}, .slot = key_slot(name), .is_repeatable = true};
    call.command.add("PX");
    call.command.add(keep_ms);
    Result<RespValue> answer = co_await client.call(std::move(call));
    if (calls.fetch_sub(1) == 1) idle.notify_all();
    if (!answer) co_return fail(std::move(answer).error());
    if (answer->is_error())
      co_return fail(Code::kUnavailable, "Redis refuses: " + std::string(answer->text().substr(0, 200)));
    if (answer->kind != RespValue::Kind::kBulk) co_return std::optional<Bytes>();
    co_return std::optional<Bytes>(std::move(answer->bytes));
  }

  asio::awaitable<void> put(std::string key, SharedBytes value) {
    const std::size_t size = value->size();
    if (client.now_ns() >= full_until_ns) {
      const std::string name = prefix + key;
      RedisClient::Call call{.command = {"SET", name}, .slot = key_slot(name), .is_repeatable = true};
      call.command.add(ByteView(*value));
      call.command.add("PX");
      call.command.add(keep_ms);
      value.reset();
      stored(co_await client.call(std::move(call)));
    } else {
      dropped.add();
    }
    unsent_bytes.fetch_sub(size);
  }

  void stored(const Result<RespValue>& answer) {
    if (answer && !answer->is_error()) return;
    dropped.add();
    if (!answer || !answer->text().starts_with("OOM")) return;
    full_until_ns = client.now_ns() + cache.full_ms * 1'000'000;
    logger.warn("Redis is full; nothing is put into its cache for a while",
                {{"ms", cache.full_ms}, {"answer", answer->text().substr(0, 200)}});
  }

  asio::awaitable<void> erase(std::string key) {
    const std::string name = prefix + key;
    (void)co_await client.call({.command = {"DEL", name}, .slot = key_slot(name), .is_repeatable = true});
  }

  Task<> close() {
    co_await client.close();
    co_await tasks.close();
    while (calls > 0) co_await idle.wait();
    co_return Result<>();
  }

  const RedisOptions options;
  const CacheOptions cache;
  const std::unique_ptr<TlsTrust> trust;  // nullptr where it is no TLS
  const Logger logger;
  RedisMetrics metrics;
  Counter& dropped;
  const std::string prefix;
  const std::string keep_ms;
  std::atomic<std::size_t> calls = 0;         // whose callers wait
  std::atomic<std::size_t> unsent_bytes = 0;  // of values that are put
  std::int64_t full_until_ns = 0;
  Reactors loop;  // ends after all below
  AsyncEvent idle;
  TaskScope tasks;
  RedisClient client;
};

class RedisCache final : public engines::Cache {
 public:
  RedisCache(RedisOptions options, CacheOptions cache, std::unique_ptr<TlsTrust> trust, Clock& clock, IdSource& ids,
             Logger logger, Metrics& metrics)
      : core_(std::make_unique<Core>(std::move(options), cache, std::move(trust), clock, ids, std::move(logger),
                                     metrics)) {
    core_->loop.start();
    reactor().post([core = core_.get()] { core->client.begin(); });
  }
  ~RedisCache() override {
    (void)wait_for(reactor(), core_->close());
    core_->loop.stop();
  }
  RedisCache(const RedisCache&) = delete;
  RedisCache& operator=(const RedisCache&) = delete;

  Task<std::optional<Bytes>> get(std::string key) override {
    core_->calls.fetch_add(1);
    co_return co_await run_on(reactor(), core_->get(std::move(key)));
  }
  void put(std::string key, SharedBytes value) override {
    const std::size_t size = value->size();
    if (size > max_value_bytes()) return core_->dropped.add();
    if (core_->unsent_bytes.fetch_add(size) + size > core_->cache.max_unsent_bytes) {
      core_->unsent_bytes.fetch_sub(size);
      return core_->dropped.add();
    }
    reactor().post([core = core_.get(), key = std::move(key), value = std::move(value)]() mutable {
      core->tasks.spawn(core->put(std::move(key), std::move(value)));
    });
  }
  void erase(std::string key) override {
    reactor().post(
        [core = core_.get(), key = std::move(key)]() mutable { core->tasks.spawn(core->erase(std::move(key))); });
  }
  std::size_t max_value_bytes() const override { return core_->cache.max_value_bytes; }

 private:
  Reactor& reactor() const { return core_->loop.at(0); }

  std::unique_ptr<Core> core_;
};

}  // namespace

Result<std::unique_ptr<engines::Cache>> open_redis_cache(RedisOptions options, CacheOptions cache, Clock& clock,
                                                         IdSource& ids, Logger logger, Metrics& metrics) {
  if (options.endpoints.empty())
    return fail(Error{Code::kInvalidArgument, "REDIS_URL: it names no host", {{"field", "REDIS_URL"}}});
  std::unique_ptr<TlsTrust> trust;
  if (options.is_tls) {
    TRY(trust, TlsTrust::load(options.ca_file));
  }
  return std::make_unique<RedisCache>(std::move(options), cache, std::move(trust), clock, ids, std::move(logger),
                                      metrics);
}

}  // namespace concord::redis
