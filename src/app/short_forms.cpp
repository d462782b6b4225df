#include "app/short_forms.h"

#include <charconv>
#include <cstdint>

namespace concord::app {

namespace {

constexpr std::string_view kShardId = "--shard-id";

Result<std::string> node_of(std::string_view id) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size() || number > 999'999) {
    return fail(Error{Code::kInvalidArgument,
                      "--shard-id is a number from 0 to 999999, not \"" + std::string(id) + "\"",
                      {{"field", "shard-id"}, {"value", std::string(id)}}});
  }
  return "shard-" + std::to_string(number);
}

}  // namespace

Result<std::vector<std::string>> as_serve(std::span<const std::string> words) {
  std::vector<std::string> out{"serve", "--roles", words.front()};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool whole = word.starts_with(kShardId) && word.substr(kShardId.size()).starts_with('=');
    if (words.front() != "shard" || (word != kShardId && !whole)) {
      out.push_back(words[i]);
      continue;
    }
    if (!whole && ++i == words.size()) return fail(Code::kInvalidArgument, "--shard-id needs a number");
    TRY(std::string node, node_of(whole ? word.substr(kShardId.size() + 1) : std::string_view(words[i])));
    out.insert(out.end(), {"--node-name", std::move(node)});
  }
  return out;
}

}  // namespace concord::app
