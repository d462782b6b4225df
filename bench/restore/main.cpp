// Time and memory of `concord backup` and `concord restore`, of a hub whose log is large: documents with many small
// updates each and no snapshot, written through the log's own code.
//
//   bench_restore [--dir DIR] [--log-mb N] [--documents N]     CONCORD_BINARY: the program

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/async.h"
#include "common/process.h"
#include "common/report.h"
#include "crdt/doc.h"
#include "crdt/types.h"
#include "documents/document_store.h"
#include "engines/open.h"

namespace concord::bench {
namespace {

constexpr std::uint64_t kFrameBytes = 344;  // about, of an update of 200 characters
constexpr std::size_t kAtOnce = 500;        // records of one append

struct Options {
  std::string directory = "/var/tmp";
  std::uint64_t log_mb = 1024;
  std::size_t documents = 1000;
};

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "bench_restore: %s\n", message.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error().message);
  return std::move(*result);
}
void must(const Result<>& result) {
  if (!result) stop(result.error().message);
}

/// A document that someone types into.
struct Typed {
  DocumentId id;
  UserId owner;
  crdt::Doc doc;
};

class Filler {
 public:
  explicit Filler(const std::string& data) {
    engines::EnginesOptions options;
    options.data_directory = data;
    engines_ = must(engines::open_embedded(options, clock_, Logger(), metrics_));
    reactors_.start();
    store_ = std::make_unique<documents::DocumentStore>(*engines_.tables);
    must(wait(engines_.tables->migrate(documents::DocumentStore::migrations())));
    must(wait(engines_.log->seal(kShard, kEpoch)));
  }
  ~Filler() {
    engines_ = {};
    reactors_.stop();
  }
  Filler(const Filler&) = delete;
  Filler& operator=(const Filler&) = delete;

  std::size_t fill(const Options& options) {
    std::vector<std::unique_ptr<Typed>> typed;
    for (std::size_t i = 0; i < options.documents; ++i) {
      typed.push_back(std::make_unique<Typed>());
      Typed& one = *typed.back();
      one.owner = UserId::make(ids_, Slot{0});
      one.id = DocumentId::make(ids_, Slot{0});
      documents::DocumentRow row;
      row.id = one.id;
      row.owner = one.owner;
      row.name = "Notes";
      row.doc_type = "rich_text";
      must(wait(store_->create(row, row.owner.str())));
    }
    const std::size_t count = options.log_mb * (1U << 20U) / kFrameBytes;
    for (std::size_t done = 0; done < count; done += kAtOnce) {
      std::vector<engines::LogRecord> records;
      for (std::size_t i = done; i < std::min(count, done + kAtOnce); ++i)
        records.push_back(type(*typed[i % typed.size()], i));
      must(wait(engines_.log->append(kShard, kEpoch, std::move(records))));
    }
    return count;
  }

 private:
  static constexpr engines::ShardId kShard{0};
  static constexpr engines::Epoch kEpoch{1};

  template <class T>
  Result<T> wait(Task<T> task) {
    return wait_for(reactors_.at(0), std::move(task));
  }
  engines::LogRecord type(Typed& into, std::size_t number) {
    crdt::Text text = into.doc.text("content");
    std::string words = std::to_string(number) + ": ";
    words.resize(200, 'w');
    Bytes update = into.doc.transact([&] { (void)text.insert(0, words); });
    engines::LogRecord record;
    record.kind = 1;
    record.stream = into.id.str();
    record.principal = into.owner.str();
    record.time = hybrid_.now();
    record.payload = std::make_shared<const Bytes>(std::move(update));
    return record;
  }

  SystemClock clock_;
  HybridClock hybrid_{clock_};
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  Reactors reactors_{1};
  engines::Engines engines_;
  std::unique_ptr<documents::DocumentStore> store_;
};

/// In a process of its own: what a program is said to have used at most includes what it was forked from.
std::size_t fill(const std::string& data, const Options& options) {
  if (const pid_t child = ::fork(); child == 0) {
    ::_exit(Filler(data).fill(options) > 0 ? 0 : 1);
  } else {
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) stop("cannot fill " + data);
  }
  return options.log_mb * (1U << 20U) / kFrameBytes;
}

/// Runs the program to its end and reports what that took.
void measure(const std::string& what, std::vector<std::string> words, Report& report) {
  const char* program = std::getenv("CONCORD_BINARY");
  if (program == nullptr) stop("CONCORD_BINARY names no program");
  words.insert(words.begin(), program);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const double began = now_seconds();
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(program, arguments.data());
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || ::wait4(child, &status, 0, &used) != child) stop("cannot run " + words.front());
  if (status != 0) stop(what + " has failed");
  report.add({what, now_seconds() - began, "s"});
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  report.add({what + ", CPU", seconds(used.ru_utime) + seconds(used.ru_stime), "s"});
  report.add({what + ", memory at most", static_cast<double>(used.ru_maxrss) / 1024, "MiB"});
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 >= arguments.size()) stop(arguments[i] + " needs a value");
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--dir") {
      options.directory = value;
    } else if (arguments[i] == "--log-mb") {
      options.log_mb = std::strtoull(value.c_str(), nullptr, 10);
    } else if (arguments[i] == "--documents") {
      options.documents = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      stop("unknown option " + arguments[i]);
    }
  }
  if (options.log_mb == 0 || options.documents == 0) stop("--log-mb and --documents are numbers from 1");
  return options;
}

void run(const Options& options, Report& report) {
  std::string place = options.directory + "/concord-bench-restore-XXXXXX";
  if (mkdtemp(place.data()) == nullptr) stop("cannot make a directory in " + options.directory);
  const std::string data = place + "/data";
  const std::string archive = place + "/archive";
  std::filesystem::create_directory(data);
  const std::size_t updates = fill(data, options);
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(data + "/log")) bytes += file.file_size();
  const std::string what = std::to_string(bytes >> 20U) + " MB of log, " + std::to_string(updates) + " updates: ";
  measure(what + "backup", {"backup", "--data", data, "--to", archive}, report);
  measure(what + "backup again, nothing new", {"backup", "--data", data, "--to", archive}, report);
  measure(what + "restore", {"restore", "--from", archive, "--to", place + "/restored"}, report);
  std::filesystem::remove_all(place);
}

}  // namespace
}  // namespace concord::bench

int main(int argc, char** argv) {
  concord::bench::Report report(argc, argv);
  concord::bench::run(concord::bench::parse(report.arguments()), report);
  return report.finish();
}
