#pragma once
// `concord gateway` and `concord shard`: `concord serve` in one role.

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace concord::app {

/// The words of `concord serve` that these stand for; `words` are the command's, with its name first: gateway or shard.
/// Of a shard `--shard-id N` names the node shard-N. kInvalidArgument.
Result<std::vector<std::string>> as_serve(std::span<const std::string> words);

}  // namespace concord::app
