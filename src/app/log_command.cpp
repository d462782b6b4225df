#include "app/log_command.h"

#include <charconv>
#include <map>
#include <optional>

#include "app/settings.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/metrics.h"
#include "engines/data_lock.h"
#include "engines/log_repair.h"
#include "engines/open.h"
#include "json/writer.h"

namespace concord::app {

namespace {

using engines::Frame;
using engines::FrameType;
using engines::LogItem;
using engines::SegmentDamage;

constexpr std::string_view kHelp = R"(concord log verify|dump|repair [--data DIR] …

Works on the log of a hub that is stopped.

  verify    reads every record and holds its checksum: what a start would find, without changing anything.
            Exit status 1 where there is damage.
  dump      one JSON object a line for each record, each other frame, and each place that is none
              --shard N        only this shard's
              --stream NAME    only this stream's (a document's identifier)
              --from POSITION  only from this position on
              --payload        with the records' bytes, in hexadecimal
  repair    writes what is whole into a new log. Records that are lost get stand-ins, so that positions stay what
            they were; documents get what was lost back from the next client that has it. The damaged log is kept.
)";

struct Words {
  std::vector<std::string> settings;
  std::optional<std::uint32_t> shard;
  std::optional<std::string> stream;
  std::uint64_t from = 0;
  bool payload = false;
};

template <class Number>
Result<Number> number(const std::string& flag, const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return fail(Error{Code::kInvalidArgument, flag + " wants a number, not \"" + text + "\"", {{"field", flag}}});
}

/// Takes the flags of `dump` out; the rest are settings.
Result<Words> parse(std::span<const std::string> words, bool dumps) {
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool valued = word == "--shard" || word == "--stream" || word == "--from";
    if (!dumps || (!valued && word != "--payload")) {
      out.settings.push_back(word);
      continue;
    }
    if (word == "--payload") {
      out.payload = true;
      continue;
    }
    if (++i == words.size()) return fail(Code::kInvalidArgument, word + " wants a value");
    if (word == "--stream") out.stream = words[i];
    if (word == "--shard") {
      TRY(out.shard, number<std::uint32_t>(word, words[i]));
    }
    if (word == "--from") {
      TRY(out.from, number<std::uint64_t>(word, words[i]));
    }
  }
  return out;
}

void print_extents(std::ostream& out, std::string_view kind, const std::vector<SegmentDamage>& extents) {
  for (const SegmentDamage& one : extents)
    out << kind << ": " << one.path << ", bytes " << one.begin << " to " << one.end << ": " << one.what << "\n";
}

/// The log's directory, held against a hub and another tool.
class StoppedLog {
 public:
  static Result<StoppedLog> open(const Config& config) {
    StoppedLog out;
    const std::string& data = config.string("DATA");
    out.files_ = engines::make_posix_file_system();
    out.directory_ = data + "/log";
    TRY_VOID(engines::finish_repair(*out.files_, out.directory_));
    if (auto there = out.files_->list(out.directory_); !there)
      return fail(Error{Code::kNotFound, "there is no log in \"" + data + "\"", {{"field", "DATA"}, {"value", data}}});
    TRY(out.lock_, engines::DataLock::take(data));
    return out;
  }
  engines::FileSystem& files() const { return *files_; }
  const std::string& directory() const { return directory_; }

 private:
  std::unique_ptr<engines::FileSystem> files_;
  std::unique_ptr<engines::DataLock> lock_;
  std::string directory_;
};

/// False where there is damage.
Result<bool> verify(const StoppedLog& log, std::ostream& out) {
  TRY(const auto seen, engines::inspect_log(log.files(), log.directory()));
  out << seen->index.segment_count() << " segments, " << seen->found.frames << " frames, " << seen->found.read_bytes
      << " bytes\n";
  bool whole = seen->found.damage.empty();
  for (const auto& [id, shard] : seen->index.shards()) {
    out << "shard " << id.value << ": positions " << shard.first.value << " to " << shard.next.value - 1 << ", epoch "
        << shard.epoch.value;
    if (shard.damage) out << "; refused: " << shard.damage->message;
    whole = whole && !shard.damage;
    out << "\n";
  }
  print_extents(out, "would be cut, was never acknowledged", seen->found.cut);
  print_extents(out, "damaged", seen->found.damage);
  out << (whole ? "the log is whole\n" : "the log is damaged; `concord log repair` keeps what is whole\n");
  return whole;
}

bool wanted(const Words& words, const Frame& frame) {
  if (words.shard && frame.shard.value != *words.shard) return false;
  if (words.stream && frame.stream != *words.stream) return false;
  return frame.position.value >= words.from;
}

std::string_view name_of(FrameType type) {
  switch (type) {
    case FrameType::kUpdate:
      return "update";
    case FrameType::kState:
      return "state";
    case FrameType::kEnd:
      return "end";
  }
  return "unknown";
}

void write_frame(json::Writer& line, const Frame& frame, bool payload) {
  line.field("type", name_of(frame.type));
  if (frame.type == FrameType::kEnd) return;
  line.field("shard", frame.shard.value).field("epoch", frame.epoch.value);
  if (frame.type == FrameType::kState) {
    line.field("first", frame.sequence).field("next", frame.position.value).field("damaged", frame.kind != 0);
    return;
  }
  line.field("position", frame.position.value).field("kind", frame.kind).field("stream", frame.stream);
  line.field("principal", frame.principal).field("client", frame.client).field("sequence", frame.sequence);
  line.field("time", format_time(frame.time.wall_ms())).field("bytes", frame.payload.size());
  if (payload) line.field("payload", to_hex(frame.payload));
}

Result<> dump(const StoppedLog& log, const Words& words, std::ostream& out) {
  return engines::walk_log(log.files(), log.directory(), [&](const LogItem& item) -> Result<> {
    if (item.frame != nullptr && !wanted(words, *item.frame)) return {};
    json::Writer line;
    line.begin_object().field("segment", item.path->substr(item.path->rfind('/') + 1)).field("offset", item.begin);
    if (item.frame != nullptr)
      write_frame(line, *item.frame, words.payload);
    else
      line.field("type", "not a frame").field("end", item.end).field("what", to_string(*item.fault));
    line.end();
    out << std::move(line).take() << "\n";
    if (!out) return fail(Code::kUnavailable, "the output takes no more");
    return {};
  });
}

Result<> repair(const StoppedLog& log, const Config& config, std::ostream& out) {
  SystemClock clock;
  SystemIdSource ids(clock);
  engines::SegmentAppenderOptions options;
  options.directory = log.directory();
  options.segment_bytes = static_cast<std::uint64_t>(config.integer("WAL_SEGMENT_SIZE_MB")) << 20U;
  options.random64 = [&ids] { return ids.random64(); };
  TRY(const engines::LogRepair done, engines::repair_log(log.files(), options, clock, Logger()));
  for (const auto& shard : done.shards)
    out << "shard " << shard.shard.value << ": " << shard.records << " records kept, " << shard.stand_ins
        << " stand-ins\n";
  out << "the damaged log is kept in " << done.set_aside << "\n";
  return {};
}

int failed(std::ostream& errors, const Error& error) {
  errors << "concord: " << error.message << "\n";
  return error.code == Code::kInvalidArgument ? 2 : 1;
}

}  // namespace

int run_log_command(std::span<const std::string> all, std::ostream& out, std::ostream& errors) {
  const std::string verb = all.empty() ? "" : all.front();
  if (verb == "--help" || verb == "-h" || verb == "help") {
    out << kHelp;
    return 0;
  }
  if (verb != "verify" && verb != "dump" && verb != "repair") {
    errors << "concord: log knows verify, dump and repair\nTry `concord log --help`.\n";
    return 2;
  }
  auto words = parse(all.subspan(1), verb == "dump");
  if (!words) return failed(errors, words.error());
  auto config = Config::load(all_settings(), words->settings, environment());
  if (!config) return failed(errors, config.error());
  auto log = StoppedLog::open(*config);
  if (!log) return failed(errors, log.error());
  if (verb == "verify") {
    const auto whole = verify(*log, out);
    if (!whole) return failed(errors, whole.error());
    return *whole ? 0 : 1;
  }
  const auto done = verb == "dump" ? dump(*log, *words, out) : repair(*log, *config, out);
  return done ? 0 : failed(errors, done.error());
}

}  // namespace concord::app
