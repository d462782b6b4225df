#pragma once
// JSON Schema 2020-12, as far as the OpenAPI document uses it; a keyword that is not known here is itself a fault, so
// that nothing in the document goes unchecked. For tests.

#include <string>
#include <string_view>
#include <vector>

namespace boost::json {
class value;
}

namespace concord::gateway::testing {

class SchemaChecker {
 public:
  /// References are read as places in `document`, which outlives this.
  explicit SchemaChecker(const boost::json::value& document) : document_(document) {}

  /// Appends one line for each place of `value` that breaks `schema`.
  void check(const boost::json::value& schema, const boost::json::value& value, const std::string& where,
             std::vector<std::string>& out) const;

  /// The value itself, or what its $ref leads to.
  const boost::json::value& resolve(const boost::json::value& value) const;
  /// What "#/a/b" leads to; null where there is nothing.
  const boost::json::value* find_reference(std::string_view reference) const;

 private:
  void check_type(const boost::json::value& schema, const boost::json::value& value, const std::string& where,
                  std::vector<std::string>& out) const;
  void check_members(const boost::json::value& schema, const boost::json::value& value, const std::string& where,
                     std::vector<std::string>& out) const;
  void check_bounds(const boost::json::value& schema, const boost::json::value& value, const std::string& where,
                    std::vector<std::string>& out) const;
  void check_choices(const boost::json::value& schema, const boost::json::value& value, const std::string& where,
                     std::vector<std::string>& out) const;
  bool fits(const boost::json::value& schema, const boost::json::value& value) const;

  const boost::json::value& document_;
};

}  // namespace concord::gateway::testing
