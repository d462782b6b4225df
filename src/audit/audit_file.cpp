#include "audit/audit_file.h"

#include <algorithm>
#include <string_view>

namespace concord::audit {

namespace {
constexpr std::uint64_t kMostLineBytes = 64u << 10u;  // far more than an event's bounded texts can make
}

Result<std::uint64_t> AuditFile::open() {
  auto opened = files_.open(path_, engines::OpenMode::kReadWrite);
  if (!opened && opened.error().code == Code::kNotFound) opened = files_.open(path_, engines::OpenMode::kCreate);
  TRY(file_, std::move(opened));
  TRY(const std::uint64_t size, file_->size());
  Bytes tail(static_cast<std::size_t>(std::min(size, 2 * kMostLineBytes)));
  const std::uint64_t from = size - tail.size();
  TRY(const std::size_t got, engines::read_full(*file_, from, tail));
  std::string_view text(reinterpret_cast<const char*>(tail.data()), got);
  const std::size_t end = text.rfind('\n');
  size_ = end == std::string_view::npos ? from : from + end + 1;
  if (end == std::string_view::npos && from > 0) return fail(Code::kCorrupt, path_ + " ends in what is no line");
  if (size_ < size) TRY_VOID(file_->truncate(size_));
  if (size_ == 0) return std::uint64_t{0};
  text = text.substr(0, end);
  if (const std::size_t begin = text.rfind('\n'); begin != std::string_view::npos) text.remove_prefix(begin + 1);
  const auto place = place_of(text);
  if (!place) return fail(Code::kCorrupt, path_ + " ends in what is no line of the audit record");
  return place->seq;
}

Result<> AuditFile::append(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += line.text + "\n";
  TRY_VOID(engines::write_all(*file_, size_, as_bytes(text)));
  size_ += text.size();
  return {};
}

}  // namespace concord::audit
