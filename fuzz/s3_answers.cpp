// What S3 answers: errors, lists of objects and of unfinished uploads, ranges. The first byte picks one; the rest is
// its input.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "s3/answers.h"
#include "s3/http_date.h"
#include "s3/verdict.h"

namespace {

using namespace concord;
using namespace concord::s3;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void read_as_error(ByteView body) {
  const auto error = read_error(body);
  if (error)
    require(is_printable(error->code) && error->code.size() <= 64 && is_printable(error->message) &&
            error->message.size() <= 200);
  for (const int status : {200, 403, 404, 409, 412, 500}) {
    const HttpOutcome outcome{.status = status, .body = to_bytes(body)};
    const Judgement judgement = judge(outcome, true);
    // Nothing that a body says makes a failure of the store's a success, or the other way round.
    require((judgement.verdict == Verdict::kAnswered) <= (status != 500 && status != 403));
    require(status != 200 || (judgement.verdict == Verdict::kAnswered) == !error);
    require(is_printable(error_of(outcome, judgement).message));
  }
}

void read_as_objects(ByteView body) {
  const auto list = read_object_list(body);
  if (!list) return;
  require(list->objects.size() <= kMaxListedKeys && (!list->truncated || !list->objects.empty()));
  for (const auto& object : list->objects) require(!object.key.empty() && object.key.size() <= 1024);
}

void read_as_uploads(ByteView body) {
  const auto list = read_upload_list(body);
  if (!list) return;
  require(list->uploads.size() <= kMaxListedKeys && (!list->truncated || !list->next_key.empty()));
  for (const auto& upload : list->uploads) require(!upload.key.empty() && !upload.id.empty());
}

/// The identifier and entity tags go back to the server: what is written has as many parts, whatever is in them.
void read_as_parts(ByteView body) {
  const auto id = read_upload_id(body);
  if (id) require(!id->empty() && id->size() <= 1024);
  const std::string etag(as_text(body.first(std::min<std::size_t>(body.size(), 100))));
  const std::string written = completion_body({etag, etag});
  std::size_t parts = 0;
  for (std::size_t at = written.find("<Part>"); at != std::string::npos; at = written.find("<Part>", at + 1)) ++parts;
  require(parts == 2);
}

void read_as_range(ByteView body) {
  const auto range = parse_content_range(as_text(body));
  if (range) require(range->first <= range->last && range->last < range->total);
  const auto date = parse_http_date(std::string(as_text(body)));
  if (date) require(*date >= 0 && *date % 1000 == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView body(data + 1, size - 1);
  if (data[0] % 5 == 0) read_as_error(body);
  if (data[0] % 5 == 1) read_as_objects(body);
  if (data[0] % 5 == 2) read_as_uploads(body);
  if (data[0] % 5 == 3) read_as_parts(body);
  if (data[0] % 5 == 4) read_as_range(body);
  return 0;
}
