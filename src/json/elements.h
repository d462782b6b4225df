#pragma once
// A JSON text from outside, checked and taken apart one level deep without a tree: what is inside stays the text that
// it came as, for whoever knows what it means.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/object.h"

namespace concord::json {

/// Success where the whole of `text` is one well-formed JSON value within the limits; else the errors of Object::parse.
/// A name that is given twice in one object is not seen here.
Result<> check(std::string_view text, Limits limits = {});

/// The elements of the array that the whole of `text` is, as the text they stand in, without the blanks around them.
/// kInvalidArgument too where it is no array. What it returns points into `text`.
Result<std::vector<std::string_view>> elements(std::string_view text, Limits limits = {});

struct Member {
  std::string_view name;  // as it stands between its quotes: with its escapes
  std::string_view value;
};
/// The members of the object that the whole of `text` is, in order; kInvalidArgument too where it is none.
Result<std::vector<Member>> members(std::string_view text, Limits limits = {});

/// What a well-formed string stands for; kInvalidArgument where `text` is not one string.
Result<std::string> unquoted(std::string_view text);

}  // namespace concord::json
