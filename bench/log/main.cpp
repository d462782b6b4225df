// The segment log alone: one writer, many writers, what sealing costs them, and opening after a crash.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "common/process.h"
#include "common/report.h"
#include "crypto/random.h"
#include "engines/file_system.h"
#include "engines/segment_log.h"
#include "vault/sealed.h"

namespace concord::bench {
namespace {

using namespace concord::engines;

constexpr std::size_t kPayloadBytes = 200;
constexpr std::uint32_t kShards = 16;
constexpr Epoch kEpoch{1};

struct Options {
  std::string directory = "/var/tmp";
  double seconds = 5;
  std::uint64_t replay_mb = 1024;
};

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "bench_log: %s\n", message.c_str());
  std::exit(1);
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) stop("nothing was measured");
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

LogRecord make_record(std::uint64_t sequence) {
  LogRecord record;
  record.stream = "doc_01jd4q8z6we4vr0m2n3p5t7x9y";
  record.principal = "usr_01jd4q8z6we4vr0m2n3p5t7x9y";
  record.sequence = sequence;
  record.payload = std::make_shared<const Bytes>(kPayloadBytes, static_cast<std::uint8_t>(sequence));
  return record;
}

/// A log in a directory of its own, and reactors to call it from.
class Bench {
 public:
  Bench(const Options& options, std::size_t reactors) : reactors_(reactors) {
    std::string name = options.directory + "/concord-bench-log-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) stop("cannot make a directory in " + options.directory);
    directory_ = name;
    reactors_.start();
    open();
    for (std::uint32_t shard = 0; shard < kShards; ++shard) wait(log_->seal(ShardId{shard}, kEpoch));
  }
  ~Bench() {
    log_.reset();
    reactors_.stop();
    std::filesystem::remove_all(directory_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void open() {
    SegmentLogOptions options;
    options.directory = directory_;
    auto opened = SegmentLog::open(*files_, options, clock_, ids_, Logger(), metrics_);
    if (!opened) stop(opened.error().message);
    log_ = std::move(*opened);
  }
  void close() { log_.reset(); }
  Log& log() { return *log_; }
  const std::string& directory() const { return directory_; }

  void start(std::size_t reactor, asio::awaitable<void> task) {
    asio::co_spawn(reactors_.at(reactor % reactors_.size()).context(), std::move(task), asio::detached);
  }
  template <class T>
  void wait(Task<T> task) {
    std::latch done(1);
    start(0, run(std::move(task), done));
    done.wait();
  }

 private:
  template <class T>
  static asio::awaitable<void> run(Task<T> task, std::latch& done) {
    if (const Result<T> result = co_await std::move(task); !result) stop(result.error().message);
    done.count_down();
  }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  Reactors reactors_;
  std::string directory_;
  std::unique_ptr<SegmentLog> log_;
};

/// Appends one record at a time until the time is up.
asio::awaitable<void> write_until(Log& log, ShardId shard, double until, vault::Sealer* sealer,
                                  std::vector<double>& seconds, std::latch& done) {
  std::uint64_t sequence = 0;
  for (double now = now_seconds(); now < until;) {
    std::vector<LogRecord> records;
    LogRecord& record = records.emplace_back(make_record(++sequence));
    if (sealer) record.payload = std::make_shared<const Bytes>(sealer->seal(record.stream, *record.payload));
    const Result<Position> appended = co_await log.append(shard, kEpoch, std::move(records));
    if (!appended) stop(appended.error().message);
    const double then = now_seconds();
    seconds.push_back(then - now);
    now = then;
  }
  done.count_down();
}

/// With `sealers`, one for each, what they write is sealed.
std::vector<double> run_writers(Bench& bench, std::size_t writers, double for_seconds,
                                std::vector<vault::Sealer>* sealers = nullptr) {
  std::vector<std::vector<double>> each(writers);
  std::latch done(static_cast<std::ptrdiff_t>(writers));
  const double until = now_seconds() + for_seconds;
  for (std::size_t i = 0; i < writers; ++i)
    bench.start(i, write_until(bench.log(), ShardId{static_cast<std::uint32_t>(i % kShards)}, until,
                               sealers == nullptr ? nullptr : &(*sealers)[i], each[i], done));
  done.wait();
  std::vector<double> all;
  for (const auto& one : each) all.insert(all.end(), one.begin(), one.end());
  return all;
}

/// The bytes of one such record, written and synced one after the other into a file that grows.
void write_bare(const std::string& path, double for_seconds, std::vector<double>& seconds) {
  const Bytes bytes(kPayloadBytes + 128, 'x');
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) stop("cannot make " + path);
  off_t offset = 0;
  const double until = now_seconds() + for_seconds;
  for (double now = now_seconds(); now < until;) {
    if (::pwrite(fd, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()) || ::fdatasync(fd) != 0)
      stop("cannot write " + path);
    offset += static_cast<off_t>(bytes.size());
    const double then = now_seconds();
    seconds.push_back(then - now);
    now = then;
  }
  ::close(fd);
}

void measure_one_writer(const Options& options, Report& report) {
  constexpr int kTurns = 10;  // in turns, so that both see the same disk
  Bench bench(options, 1);
  std::vector<double> ours;
  std::vector<double> bare;
  for (int turn = 0; turn < kTurns; ++turn) {
    const auto some = run_writers(bench, 1, options.seconds / kTurns);
    ours.insert(ours.end(), some.begin(), some.end());
    write_bare(bench.directory() + "/bare", options.seconds / kTurns, bare);
  }
  report.add({"one writer, 200 bytes: p50 until durable", percentile(ours, 0.5) * 1e6, "us", "pwrite + fdatasync",
              percentile(bare, 0.5) * 1e6});
  report.add({"one writer, 200 bytes: p99 until durable", percentile(ours, 0.99) * 1e6, "us", "pwrite + fdatasync",
              percentile(bare, 0.99) * 1e6});
}

void measure_many_writers(const Options& options, Report& report, std::size_t writers) {
  Bench bench(options, 2);
  const double cpu_before = cpu_seconds(::getpid());
  const double began = now_seconds();
  auto seconds = run_writers(bench, writers, options.seconds);
  const double took = now_seconds() - began;
  const double cpu = cpu_seconds(::getpid()) - cpu_before;
  const auto count = static_cast<double>(seconds.size());
  const std::string who = std::to_string(writers) + " writers, 200 bytes: ";
  report.add({who + "durable updates a second", count / took, "1/s"});
  report.add({who + "p50 until durable", percentile(seconds, 0.5) * 1e3, "ms"});
  report.add({who + "p99 until durable", percentile(seconds, 0.99) * 1e3, "ms"});
  report.add({who + "CPU an update, with the load", cpu / count * 1e6, "us"});
}

/// The same records as they are and sealed, in many short turns, since a disk and a shared machine change from one
/// second to the next. What counts is the median of the pairs' ratios.
void measure_sealing(const Options& options, Report& report) {
  constexpr std::size_t kWriters = 256;
  constexpr double kTurnSeconds = 0.1;
  Bench bench(options, 2);
  std::vector<vault::Sealer> sealers;
  for (std::size_t i = 0; i < kWriters; ++i)
    sealers.emplace_back(UserId{}, vault::UserKey{.generation = 1, .key = crypto::random_array<32>()});
  std::vector<double> rates[2], cpus[2], rate_ratios, cpu_ratios;
  const auto turn = [&](bool sealed) {
    const double cpu_before = cpu_seconds(::getpid());
    const double began = now_seconds();
    const auto updates =
        static_cast<double>(run_writers(bench, kWriters, kTurnSeconds, sealed ? &sealers : nullptr).size());
    rates[sealed ? 1 : 0].push_back(updates / (now_seconds() - began));
    cpus[sealed ? 1 : 0].push_back((cpu_seconds(::getpid()) - cpu_before) / updates);
  };
  const int pairs = std::max(static_cast<int>(options.seconds / kTurnSeconds), 10);
  for (int pair = 0; pair < pairs; ++pair) {
    for (const bool second : {false, true}) turn(second != (pair % 2 == 1));
    rate_ratios.push_back(rates[1].back() / rates[0].back());
    cpu_ratios.push_back(cpus[1].back() / cpus[0].back());
  }
  const auto median = [](std::vector<double>& values) { return percentile(values, 0.5); };
  report.add(
      {"256 writers, sealed: durable updates a second", median(rates[1]), "1/s", "as they are", median(rates[0])});
  report.add({"256 writers, sealed: CPU an update, with the load", median(cpus[1]) * 1e6, "us", "as they are",
              median(cpus[0]) * 1e6});
  report.add(
      {"sealed to as they are, median of " + std::to_string(pairs) + " pairs: updates", median(rate_ratios), ""});
  report.add({"the same: CPU an update", median(cpu_ratios), ""});
}

Task<> fill(Log& log, std::uint64_t bytes) {
  constexpr std::size_t kRecords = 2000;
  std::uint64_t sequence = 0;
  for (std::uint64_t written = 0; written < bytes; written += kRecords * 328) {
    std::vector<LogRecord> records;
    for (std::size_t i = 0; i < kRecords; ++i) records.push_back(make_record(++sequence));
    CO_TRY_VOID(co_await log.append(ShardId{static_cast<std::uint32_t>(sequence / kRecords % kShards)}, kEpoch,
                                    std::move(records)));
  }
  co_return Result<>();
}

Task<> replay(Log& log, std::uint64_t& records) {
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    CO_TRY(const Log::Bounds bounds, co_await log.bounds(ShardId{shard}));
    for (Position at = bounds.first; at < bounds.next;) {
      CO_TRY(const auto entries, co_await log.read(ShardId{shard}, at, 4U << 20U));
      records += entries.size();
      at.value += entries.size();
    }
  }
  co_return Result<>();
}

void measure_replay(const Options& options, Report& report) {
  Bench bench(options, 1);
  bench.wait(fill(bench.log(), options.replay_mb << 20U));
  bench.close();
  const double began = now_seconds();
  bench.open();
  const double opened = now_seconds();
  std::uint64_t records = 0;
  bench.wait(replay(bench.log(), records));
  const double replayed = now_seconds();
  const std::string what = std::to_string(options.replay_mb) + " MB of log, " + std::to_string(records) + " records: ";
  report.add({what + "open, every checksum held", opened - began, "s"});
  report.add({what + "then read every record", replayed - opened, "s"});
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 >= arguments.size()) stop(arguments[i] + " needs a value");
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--dir") {
      options.directory = value;
    } else if (arguments[i] == "--seconds") {
      options.seconds = std::strtod(value.c_str(), nullptr);
    } else if (arguments[i] == "--replay-mb") {
      options.replay_mb = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      stop("unknown option " + arguments[i]);
    }
  }
  if (options.seconds <= 0) stop("--seconds is more than 0");
  return options;
}

}  // namespace
}  // namespace concord::bench

int main(int argc, char** argv) {
  concord::bench::Report report(argc, argv);
  const auto options = concord::bench::parse(report.arguments());
  concord::bench::measure_one_writer(options, report);
  for (const std::size_t writers : {16U, 256U}) concord::bench::measure_many_writers(options, report, writers);
  concord::bench::measure_sealing(options, report);
  concord::bench::measure_replay(options, report);
  return report.finish();
}
