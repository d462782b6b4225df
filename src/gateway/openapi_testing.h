#pragma once
// Holds the OpenAPI document against the routes that are served and against what they answer, for tests.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace concord::gateway::testing {

class OpenApi {
 public:
  /// `text` is the document; what is no JSON object is a test that cannot go on (an exception).
  explicit OpenApi(std::string_view text);
  ~OpenApi();

  /// One line for each operation that only the routes or only the document has.
  std::vector<std::string> differences(const std::vector<net::Route>& routes) const;

  /// What is wrong in the document itself, one line each: references that lead nowhere, components that nothing uses,
  /// operations without identifier, summary, security or error answers, path parameters that do not match the path,
  /// examples that break their schema.
  std::vector<std::string> faults() const;

  /// How an answer differs from what the document says of that operation: a status or media type it does not name, a
  /// body that breaks the schema. Empty where it agrees.
  std::vector<std::string> answer_faults(std::string_view method, std::string_view pattern,
                                         const net::Response& response) const;
  /// How a JSON text breaks the schema of that name under components/schemas.
  std::vector<std::string> schema_faults(std::string_view schema, std::string_view json) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::gateway::testing
