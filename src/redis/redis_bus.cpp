#include "redis/redis_bus.h"

#include <algorithm>
#include <atomic>
#include <charconv>

#include "engines/bus_arguments.h"
#include "redis/script.h"
#include "redis/subscriptions.h"
#include "redis/transport.h"

namespace concord::redis {
namespace {

using engines::Bus;
using engines::Subscription;

constexpr std::uint64_t kBuckets = 128;  // nodes that do not agree on it do not see each other's keys
constexpr std::size_t kPageBytes = 4U << 20U;

std::unexpected<Error> refused(const RespValue& answer) {
  return fail(Code::kUnavailable, "Redis refuses: " + std::string(answer.text().substr(0, 200)));
}

/// What a key's bucket is chosen by: up to the second slash. nullopt where there are not so many.
std::optional<std::string_view> family_of(std::string_view name) {
  const std::size_t first = name.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = name.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return name.substr(0, second + 1);
}

/// FNV-1a: the same on every machine.
std::uint64_t bucket_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return (hash ^ (hash >> 32U)) % kBuckets;
}

/// The end of the names with a prefix, as ZRANGEBYLEX has it.
std::string end_of(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return "+";
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return "(" + prefix;
}

/// What works on the driver's own reactor.
struct Core {
  Core(RedisOptions o, std::unique_ptr<TlsTrust> t, Clock& clock, IdSource& ids, Logger l, Metrics& registry)
      : options(std::move(o)),
        trust(std::move(t)),
        logger(std::move(l)),
        metrics(registry),
        loop(1),
        idle(loop.at(0)),
        client(loop.at(0), options, trust.get(), clock, logger, metrics, ids.random64()),
        subscriptions(loop.at(0), client, deliveries),
        prefix(options.database == 0 ? options.name_space
                                     : options.name_space + "." + std::to_string(options.database)) {}

  const RedisOptions options;
  const std::unique_ptr<TlsTrust> trust;  // nullptr where it is no TLS
  const Logger logger;
  RedisMetrics metrics;
  const Scripts scripts;
  std::atomic<std::size_t> calls = 0;  // under way
  Reactors loop;                       // ends after all below
  AsyncEvent idle;
  RedisClient client;
  Deliveries deliveries;
  Subscriptions subscriptions;
  const std::string prefix;
  bool is_closing = false;

  struct Bucket {
    std::string names;
    std::string times;
    std::string values;
    std::uint16_t slot = 0;
  };
  Bucket bucket(std::uint64_t index) const {
    const std::string tag = "{" + prefix + "/" + std::to_string(index) + "}";
    return {tag + "/names", tag + "/times", tag + "/values", key_slot(tag)};
  }
  Bucket bucket_for(std::string_view key) const { return bucket(bucket_of(family_of(key).value_or(key))); }

  struct Run {
    const Script& script;
    std::vector<std::string> keys;
    std::vector<ByteView> arguments;  // of the caller's frame, which waits
    std::uint16_t slot = 0;
    bool is_repeatable = false;
  };
  Task<RespValue> run(Run run) {
    for (const bool by_name : {true, false}) {
      RedisClient::Call call{.command = {by_name ? "EVALSHA" : "EVAL", by_name ? run.script.sha1 : run.script.text},
                             .slot = run.slot,
                             .is_repeatable = run.is_repeatable};
      call.command.add(static_cast<std::int64_t>(run.keys.size()));
      for (const std::string& key : run.keys) call.command.add(key);
      for (const ByteView argument : run.arguments) call.command.add(argument);
      CO_TRY(RespValue answer, co_await client.call(std::move(call)));
      if (by_name && advice_in(answer, {}).kind == Advice::Kind::kNoScript) continue;
      co_return answer;
    }
    co_return fail(Code::kUnavailable, "Redis does not take a script");
  }

  Task<> publish(std::string channel, SharedBytes message);
  Task<> set(std::string key, Bytes value, std::int64_t ttl_ms);
  Task<std::optional<Bytes>> get(std::string key);
  Task<> erase(std::string key);
  Task<std::vector<Bus::Pair>> list(std::string names, std::size_t limit);
  Task<> list_bucket(Bucket from, std::string names, std::size_t limit, std::vector<Bus::Pair>& found);
  Task<std::int64_t> add(std::string counter, std::int64_t delta, std::int64_t ttl_ms);
  Task<std::int64_t> take(std::string bucket, std::int64_t tokens, Bus::Filling filling);
  Task<std::int64_t> number(Run call);

  template <class T>
  Task<T> tracked(Task<T> task) {
    Result<T> result = co_await std::move(task);
    if (calls.fetch_sub(1) == 1) idle.notify_all();
    co_return result;
  }
  Task<> close();
};

Task<> Core::publish(std::string channel, SharedBytes message) {
  const std::string name = prefix + "/channel/" + channel;
  const auto slot = key_slot(name);
  // Whether it is a Cluster is known only once there is a connection.
  CO_TRY_VOID(co_await client.connected());
  RedisClient::Call call{.command = {client.is_cluster() ? "SPUBLISH" : "PUBLISH", name}, .slot = slot};
  call.command.add(ByteView(*message));
  CO_TRY(const RespValue answer, co_await client.call(std::move(call)));
  if (answer.is_error()) co_return refused(answer);
  metrics.published.add();
  co_return Result<>();
}

Task<> Core::set(std::string key, Bytes value, std::int64_t ttl_ms) {
  const std::string ttl = std::to_string(std::min(ttl_ms, engines::kLongestBusTtlMs));
  const Bucket to = bucket_for(key);
  Run call{.script = scripts.set,
           .keys = {to.names, to.times, to.values},
           .arguments = {as_bytes(key), value, as_bytes(ttl)},
           .slot = to.slot};
  CO_TRY(const RespValue answer, co_await run(std::move(call)));
  if (answer.is_error()) co_return refused(answer);
  co_return Result<>();
}

Task<std::optional<Bytes>> Core::get(std::string key) {
  const Bucket from = bucket_for(key);
  Run call{.script = scripts.get,
           .keys = {from.times, from.values},
           .arguments = {as_bytes(key)},
           .slot = from.slot,
           .is_repeatable = true};
  CO_TRY(RespValue answer, co_await run(std::move(call)));
  if (answer.is_error()) co_return refused(answer);
  if (answer.kind != RespValue::Kind::kBulk) co_return std::optional<Bytes>();
  co_return std::optional<Bytes>(std::move(answer.bytes));
}

Task<> Core::erase(std::string key) {
  const Bucket from = bucket_for(key);
  Run call{.script = scripts.erase,
           .keys = {from.names, from.times, from.values},
           .arguments = {as_bytes(key)},
           .slot = from.slot};
  CO_TRY(const RespValue answer, co_await run(std::move(call)));
  if (answer.is_error()) co_return refused(answer);
  co_return Result<>();
}

Task<std::vector<Bus::Pair>> Core::list(std::string names, std::size_t limit) {
  std::vector<Bus::Pair> found;
  if (const auto family = family_of(names)) {
    CO_TRY_VOID(co_await list_bucket(bucket(bucket_of(*family)), names, limit, found));
    co_return found;
  }
  for (std::uint64_t i = 0; i < kBuckets && found.size() < limit; ++i)
    CO_TRY_VOID(co_await list_bucket(bucket(i), names, limit, found));
  co_return found;
}

/// Page by page, so that no answer is too large and no script keeps the server for long.
Task<> Core::list_bucket(Bucket from, std::string names, std::size_t limit, std::vector<Bus::Pair>& found) {
  std::string begin = "[" + names;
  if (names.empty()) begin = "-";
  const std::string end = end_of(std::move(names));
  const std::string most_bytes = std::to_string(kPageBytes);
  while (!begin.empty() && found.size() < limit) {
    const std::string most = std::to_string(limit - found.size());
    Run call{.script = scripts.list,
             .keys = {from.names, from.times, from.values},
             .arguments = {as_bytes(begin), as_bytes(end), as_bytes(most), as_bytes(most_bytes)},
             .slot = from.slot,
             .is_repeatable = true};
    CO_TRY(RespValue answer, co_await run(std::move(call)));
    if (answer.is_error()) co_return refused(answer);
    if (answer.items.size() % 2 != 1) co_return fail(Code::kUnavailable, "Redis answers a list with something else");
    for (std::size_t i = 1; i < answer.items.size() && found.size() < limit; i += 2)
      found.push_back({std::string(answer.items[i].text()), std::move(answer.items[i + 1].bytes)});
    begin = answer.items.front().text();
  }
  co_return Result<>();
}

Task<std::int64_t> Core::add(std::string counter, std::int64_t delta, std::int64_t ttl_ms) {
  const std::string name = prefix + "/counter/" + counter;
  const std::string more = std::to_string(delta);
  const std::string ttl = std::to_string(std::min(ttl_ms, engines::kLongestBusTtlMs));
  Run call{.script = scripts.add, .keys = {name}, .arguments = {as_bytes(more), as_bytes(ttl)}, .slot = key_slot(name)};
  co_return co_await number(std::move(call));
}

Task<std::int64_t> Core::take(std::string bucket, std::int64_t tokens, Bus::Filling filling) {
  const std::string name = prefix + "/tokens/" + bucket;
  const std::string wanted = std::to_string(tokens);
  const std::string per_minute = std::to_string(filling.per_minute);
  const std::string burst = std::to_string(filling.burst);
  Run call{.script = scripts.take,
           .keys = {name},
           .arguments = {as_bytes(wanted), as_bytes(per_minute), as_bytes(burst)},
           .slot = key_slot(name)};
  co_return co_await number(std::move(call));
}

/// Of a script that answers a number as text.
Task<std::int64_t> Core::number(Run call) {
  CO_TRY(const RespValue answer, co_await run(std::move(call)));
  if (answer.is_error() && answer.text().contains("would overflow"))
    co_return fail(Code::kInvalidArgument, "the counter overflows");
  if (answer.is_error()) co_return refused(answer);
  std::int64_t value = 0;
  const std::string_view text = answer.text();
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
    co_return fail(Code::kUnavailable, "Redis answers a number with something else");
  co_return value;
}

Task<> Core::close() {
  is_closing = true;
  subscriptions.close();
  co_await client.close();
  while (calls > 0) co_await idle.wait();
  co_return Result<>();
}

class RedisBus final : public Bus {
 public:
  RedisBus(RedisOptions options, std::unique_ptr<TlsTrust> trust, Clock& clock, IdSource& ids, Logger logger,
           Metrics& metrics)
      : core_(std::make_unique<Core>(std::move(options), std::move(trust), clock, ids, std::move(logger), metrics)) {
    core_->loop.start();
    reactor().post([core = core_.get()] { core->client.begin(); });
  }
  ~RedisBus() override {
    (void)wait_for(reactor(), core_->close());
    core_->loop.stop();
  }
  RedisBus(const RedisBus&) = delete;
  RedisBus& operator=(const RedisBus&) = delete;

  Task<> publish(std::string channel, SharedBytes message) override {
    CO_TRY_VOID(engines::check_bus_name("channel", channel));
    CO_TRY_VOID(engines::check_bus_message(message));
    co_return co_await there(core_->publish(std::move(channel), std::move(message)));
  }
  Task<std::unique_ptr<Subscription>> subscribe(std::string channel, OnMessage on_message) override {
    CO_TRY_VOID(engines::check_bus_name("channel", channel));
    std::string name = core_->prefix + "/channel/" + channel;
    co_return co_await there(core_->subscriptions.subscribe(std::move(name), std::move(on_message)));
  }
  Task<> set(std::string key, Bytes value, std::int64_t ttl_ms) override {
    CO_TRY_VOID(engines::check_bus_name("key", key));
    CO_TRY_VOID(engines::check_bus_ttl(ttl_ms));
    CO_TRY_VOID(engines::check_bus_size("value", value.size()));
    co_return co_await there(core_->set(std::move(key), std::move(value), ttl_ms));
  }
  Task<std::optional<Bytes>> get(std::string key) override {
    CO_TRY_VOID(engines::check_bus_name("key", key));
    co_return co_await there(core_->get(std::move(key)));
  }
  Task<> erase(std::string key) override {
    CO_TRY_VOID(engines::check_bus_name("key", key));
    co_return co_await there(core_->erase(std::move(key)));
  }
  Task<std::vector<Pair>> list(std::string prefix, std::size_t limit) override {
    co_return co_await there(core_->list(std::move(prefix), limit));
  }
  Task<std::int64_t> add(std::string counter, std::int64_t delta, std::int64_t ttl_ms) override {
    CO_TRY_VOID(engines::check_bus_name("counter", counter));
    CO_TRY_VOID(engines::check_bus_ttl(ttl_ms));
    co_return co_await there(core_->add(std::move(counter), delta, ttl_ms));
  }
  Task<std::int64_t> take(std::string bucket, std::int64_t tokens, Filling filling) override {
    CO_TRY_VOID(engines::check_bus_name("bucket", bucket));
    CO_TRY_VOID(engines::check_bus_tokens(tokens, filling));
    co_return co_await there(core_->take(std::move(bucket), tokens, filling));
  }

 private:
  Reactor& reactor() const { return core_->loop.at(0); }

  /// Runs a task of the core's on the driver's reactor.
  template <class T>
  Task<T> there(Task<T> task) {
    core_->calls.fetch_add(1);
    co_return co_await run_on(reactor(), core_->tracked(std::move(task)));
  }

  std::unique_ptr<Core> core_;
};

}  // namespace

Result<std::unique_ptr<Bus>> open_redis_bus(RedisOptions options, Clock& clock, IdSource& ids, Logger logger,
                                            Metrics& metrics) {
  if (options.endpoints.empty())
    return fail(Error{Code::kInvalidArgument, "REDIS_URL: it names no host", {{"field", "REDIS_URL"}}});
  std::unique_ptr<TlsTrust> trust;
  if (options.is_tls) {
    TRY(trust, TlsTrust::load(options.ca_file));
  }
  return std::make_unique<RedisBus>(std::move(options), std::move(trust), clock, ids, std::move(logger), metrics);
}

}  // namespace concord::redis
