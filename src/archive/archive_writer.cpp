#include "archive/archive_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "archive/layout.h"
#include "engines/crc32c.h"

namespace concord::archive {

namespace {

constexpr std::size_t kListLimit = 1000;
constexpr std::uint64_t kMinWholeBytes = 64U << 10U;

Task<std::vector<std::uint64_t>> manifest_numbers(engines::Blobs& archive) {
  std::vector<std::uint64_t> numbers;
  std::string after;
  for (;;) {
    CO_TRY(const auto page, co_await archive.list("manifest/", after, kListLimit));
    for (const engines::BlobInfo& blob : page) {
      if (const auto number = parse_manifest_key(blob.key)) numbers.push_back(*number);
    }
    if (page.size() < kListLimit) co_return numbers;
    after = page.back().key;
  }
}

/// Reads the run of manifests that begins with the whole one `numbers[first]`, as far as it goes.
Task<bool> read_run(engines::Blobs& archive, const std::vector<std::uint64_t>& numbers, std::size_t first,
                    FoundManifest& out) {
  bool any = false;
  for (std::size_t i = first; i < numbers.size(); ++i) {
    auto text = co_await archive.get(manifest_key(numbers[i]), Manifest::kMaxBytes);
    const bool whole = text && as_text(*text).find("\nafter ") == std::string_view::npos;
    if (!any && text && !whole) co_return false;
    Result<> read = text ? out.manifest.read(*text) : Result<>(fail(text.error()));
    if (read && out.manifest.number != numbers[i]) read = fail(Code::kCorrupt, "the manifest has another's number");
    if (!read && read.error().code == Code::kUnavailable) co_return fail(read.error());
    if (!read) {
      if (any) out.damage.push_back(manifest_key(numbers[i]) + ": " + read.error().message);
      if (!any) out.damage.insert(out.damage.begin(), manifest_key(numbers[i]) + ": " + read.error().message);
      co_return any;
    }
    any = true;
    if (whole) {
      out.whole_number = numbers[i];
      out.whole_bytes = text->size();
      out.change_bytes = 0;
    } else {
      out.change_bytes += text->size();
    }
  }
  co_return any;
}

}  // namespace

Task<FoundManifest> find_manifest(engines::Blobs& archive) {
  CO_TRY(const auto numbers, co_await manifest_numbers(archive));
  if (numbers.empty()) co_return fail(Code::kNotFound, "there is no manifest");
  std::vector<std::string> damage;
  for (std::size_t i = numbers.size(); i > 0; --i) {
    FoundManifest found;
    CO_TRY(const bool read, co_await read_run(archive, numbers, i - 1, found));
    if (!read) {
      damage.insert(damage.end(), found.damage.begin(), found.damage.end());
      continue;
    }
    if (found.damage.empty() && found.manifest.number != numbers.back()) found.damage = damage;
    co_return found;
  }
  co_return fail(Code::kCorrupt, "no manifest can be read" + (damage.empty() ? "" : ": " + damage.back()));
}

ArchiveWriter::Instruments::Instruments(Metrics& metrics)
    : written_bytes(metrics.counter("concord_archive_written_bytes_total", "Bytes of objects and manifests archived.")),
      objects_written(metrics.counter("concord_archive_objects_written_total", "Objects archived.")),
      objects_removed(metrics.counter("concord_archive_objects_removed_total", "Objects removed from the archive.")),
      objects(metrics.gauge("concord_archive_objects", "Objects that the manifest names.")),
      bytes(metrics.gauge("concord_archive_bytes", "Bytes of the objects that the manifest names.")) {}

ArchiveWriter::ArchiveWriter(engines::Blobs& target, Clock& clock, const Logger& logger, Metrics& metrics,
                             Durability durability)
    : target_(target), clock_(clock), logger_(logger), instruments_(metrics), durability_(std::move(durability)) {}

Task<> ArchiveWriter::load(engines::LogIdentity log) {
  dropped_.clear();
  unneeded_.clear();
  auto found = co_await find_manifest(target_);
  if (!found && found.error().code != Code::kNotFound) co_return fail(std::move(found).error());
  if (!found) {
    CO_TRY(const auto something, co_await target_.list("", "", 1));
    const bool ours = something.empty() || something.front().key.starts_with(kLogPrefix) ||
                      something.front().key.starts_with(kBlobPrefix) ||
                      something.front().key.starts_with(kDatabasePrefix);
    if (!ours) co_return fail(Code::kConflict, "the place for the archive holds something else");
    found = FoundManifest{};
    found->manifest.log = log;
  }
  if (!found->damage.empty()) {
    co_return fail(Code::kCorrupt,
                   found->damage.front() +
                       "; nothing is added to a damaged archive: restore from it, or archive to another "
                       "place");
  }
  if (found->manifest.log != log) {
    co_return fail(Code::kConflict, "the archive is that of another log (" + to_hex(found->manifest.log) +
                                        "): a hub that was restored, or begun anew, needs an archive of its own");
  }
  manifest_ = std::move(found->manifest);
  whole_number_ = found->whole_number;
  whole_bytes_ = found->whole_bytes;
  change_bytes_ = found->change_bytes;
  co_return co_await remove_orphans(whole_number_);
}

Result<> ArchiveWriter::in_time() {
  if (clock_.monotonic_ns() < until_ns_) return {};
  return fail(Code::kUnavailable, "the time is over; the next start brings what is missing");
}

Task<> ArchiveWriter::remove_orphans(std::uint64_t first_manifest) {
  std::string after;
  for (;;) {
    CO_TRY(const auto page, co_await target_.list("", after, kListLimit));
    for (const engines::BlobInfo& blob : page) {
      const auto number = parse_manifest_key(blob.key);
      if (number ? *number >= first_manifest : manifest_.find(blob.key) != nullptr) continue;
      CO_TRY_VOID(in_time());
      CO_TRY_VOID(co_await target_.remove(blob.key));
      instruments_.objects_removed.add();
    }
    if (page.size() < kListLimit) co_return Result<>{};
    after = page.back().key;
  }
}

Task<> ArchiveWriter::Object::write(SharedBytes piece) {
  CO_TRY_VOID(archive_.in_time());
  object_.checksum = engines::crc32c(*piece, object_.checksum);
  object_.size_bytes += piece->size();
  co_return co_await writer_->write(std::move(piece));
}

Task<> ArchiveWriter::Object::commit() {
  CO_TRY_VOID(archive_.in_time());
  CO_TRY_VOID(co_await writer_->commit());
  object_.put_ms = archive_.clock_.wall_ms();
  archive_.manifest_.put(key_, object_);
  archive_.instruments_.written_bytes.add(object_.size_bytes);
  archive_.instruments_.objects_written.add();
  co_return Result<>{};
}

Task<std::unique_ptr<ArchiveWriter::Object>> ArchiveWriter::begin(std::string key) {
  CO_TRY_VOID(in_time());
  // An object that was dropped and has not been removed yet, and comes again. The archive's manifest may still name it.
  if (std::ranges::find(dropped_, key, &Unneeded::key) != dropped_.end())
    co_return fail(Code::kUnavailable, key + " was dropped a moment ago");
  if (std::erase_if(unneeded_, [&key](const Unneeded& one) { return one.key == key; }) > 0)
    CO_TRY_VOID(co_await target_.remove(key));
  CO_TRY(auto writer, co_await target_.create(key));
  co_return std::unique_ptr<Object>(new Object(*this, std::move(key), std::move(writer)));
}

Task<> ArchiveWriter::put(std::string key, SharedBytes bytes) {
  CO_TRY(const auto object, co_await begin(std::move(key)));
  CO_TRY_VOID(co_await object->write(std::move(bytes)));
  co_return co_await object->commit();
}

void ArchiveWriter::drop(const std::string& key, bool at_once) {
  if (manifest_.find(key) == nullptr) return;
  manifest_.drop(key);
  dropped_.push_back({at_once ? 0 : kGraceMs, key});
}

Task<> ArchiveWriter::commit(std::int64_t time_ms, bool complete) {
  CO_TRY_VOID(in_time());
  const std::int64_t now_ms = clock_.wall_ms();
  if (manifest_.changed() || manifest_.complete != complete || manifest_.number == 0) {
    manifest_.time_ms = time_ms;
    manifest_.complete = complete;
    const bool whole = manifest_.number == 0 || change_bytes_ > std::max(kMinWholeBytes, whole_bytes_);
    const auto text = std::make_shared<const Bytes>(whole ? manifest_.write_whole() : manifest_.write_change());
    if (durability_) CO_TRY_VOID(durability_(true));
    CO_TRY_VOID(co_await target_.put(manifest_key(manifest_.number), text));
    if (durability_) CO_TRY_VOID(durability_(false));
    instruments_.written_bytes.add(text->size());
    if (whole) {
      for (std::uint64_t old = whole_number_; old != 0 && old < manifest_.number; ++old)
        unneeded_.push_back({now_ms + kGraceMs, manifest_key(old)});
      whole_number_ = manifest_.number;
      whole_bytes_ = text->size();
    }
    change_bytes_ = whole ? 0 : change_bytes_ + text->size();
    for (const Unneeded& one : dropped_) {
      if (one.due_ms == 0) unneeded_.push_front({now_ms, one.key});
      if (one.due_ms != 0) unneeded_.push_back({now_ms + one.due_ms, one.key});
    }
    dropped_.clear();
    instruments_.objects.set(static_cast<std::int64_t>(manifest_.objects().size()));
    instruments_.bytes.set(static_cast<std::int64_t>(manifest_.bytes()));
  }
  co_return co_await remove_due(now_ms);
}

Task<> ArchiveWriter::remove_due(std::int64_t now_ms) {
  while (!unneeded_.empty() && unneeded_.front().due_ms <= now_ms) {
    CO_TRY_VOID(in_time());
    CO_TRY_VOID(co_await target_.remove(unneeded_.front().key));
    unneeded_.pop_front();
    instruments_.objects_removed.add();
  }
  co_return Result<>{};
}

}  // namespace concord::archive
