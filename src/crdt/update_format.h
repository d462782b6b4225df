#pragma once
// The two formats of an update: V1 says each field by itself, V2 collects like fields in columns and is about half the
// size (docs/protocols/yjs-update-v1.md, yjs-update-v2.md). Both say the same. State vectors have one form.

#include <cstdint>

namespace concord::crdt {

enum class UpdateFormat : std::uint8_t { kV1, kV2 };

/// In V2 the runs of a column can name any number of structs in a few bytes. An update that names more than one struct
/// for each of its bytes and so many besides is refused, unless the caller says otherwise.
constexpr std::uint64_t kMaxRunStructs = std::uint64_t{1} << 20U;
constexpr std::uint64_t kNoRunLimit = ~std::uint64_t{0};

}  // namespace concord::crdt
