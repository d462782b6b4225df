#pragma once
// The three forms of a Delta in one place: ot's (for the algebra), the CRDT engine's (what a Y.Text is changed by and
// reads as) and JSON (what clients speak). Pure.
//
// What a Y.Text holds and a Delta cannot say: an embed that is no JSON object is told as {"y-embed": value}, a nested
// shared type as its JSON when it was inserted; bytes and big integers as JSON has them (crdt/any_json.h). What a Delta
// may say and a Y.Text does not keep: an attribute that an insertion removes is left out.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/delta.h"
#include "ot/delta.h"

namespace concord::documents {

/// Of a document or a change. The values are canonical JSON: members sorted by name at every depth.
ot::Delta to_ot(std::span<const crdt::DeltaOp> delta);
/// kInvalidArgument where a value is no JSON.
Result<std::vector<crdt::DeltaOp>> from_ot(const ot::Delta& delta);

/// A change as clients write it: an array of {"insert": text or embed, "attributes"?: {…}}, {"retain": n,
/// "attributes"?: {…}}, {"delete": n}. kInvalidArgument or, over a limit, kTooLarge, with the place (such as
/// "ops[3].attributes") as context `field`. An insertion directly behind a deletion is refused: quill-delta writes it
/// before, and its clients transform it so. So is half a surrogate pair, which a Y.Text cannot hold.
Result<ot::Delta> change_from_json(std::string_view json);
std::string change_to_json(const ot::Delta& change);

}  // namespace concord::documents
