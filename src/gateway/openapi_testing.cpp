#include "gateway/openapi_testing.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <regex>
#include <set>
#include <stdexcept>

#include "gateway/schema_testing.h"

namespace concord::gateway::testing {
namespace {

namespace bj = boost::json;

using Lines = std::vector<std::string>;

constexpr std::string_view kMethods[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

const bj::value* find(const bj::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(bj::string_view(name.data(), name.size()));
}

/// Calls `visit(path, method, operation, path item)` for each operation.
template <class Visit>
void for_each_operation(const bj::value& document, Visit visit) {
  const bj::value* paths = find(document, "paths");
  if (paths == nullptr || !paths->is_object()) return;
  for (const auto& [path, item] : paths->get_object())
    for (const std::string_view method : kMethods)
      if (const bj::value* operation = find(item, method)) visit(std::string(path), method, *operation, item);
}

std::set<std::string> names_in(std::string_view path) {
  std::set<std::string> names;
  static const std::regex kName(R"(\{([^}.]+)(\.\.\.)?\})");
  const std::string text(path);
  for (std::sregex_iterator at(text.begin(), text.end(), kName), end; at != end; ++at) names.insert((*at)[1]);
  return names;
}

}  // namespace

struct OpenApi::State {
  explicit State(std::string_view text)
      : document(bj::parse(bj::string_view(text.data(), text.size()))), schemas(document) {
    if (!document.is_object()) throw std::runtime_error("the OpenAPI document is no object");
  }

  const bj::value& resolved(const bj::value& value) const { return schemas.resolve(value); }

  void check_operation(const std::string& path, std::string_view method, const bj::value& operation,
                       const bj::value& item, std::set<std::string>& identifiers, Lines& out) const;
  void check_parameters(const std::string& where, const std::string& path, const bj::value& operation,
                        const bj::value& item, Lines& out) const;
  void check_responses(const std::string& where, const bj::value& operation, Lines& out) const;
  void check_examples(const std::string& where, const bj::value& holder, Lines& out) const;
  void check_references(Lines& out) const;

  bj::value document;
  SchemaChecker schemas;
};

OpenApi::OpenApi(std::string_view text) : state_(std::make_unique<State>(text)) {}
OpenApi::~OpenApi() = default;

Lines OpenApi::differences(const std::vector<net::Route>& routes) const {
  std::set<std::string> served;
  for (const net::Route& route : routes) served.insert(route.method + " " + route.pattern);
  std::set<std::string> described;
  for_each_operation(state_->document, [&](const std::string& path, std::string_view method, const auto&, const auto&) {
    described.insert(upper(method) + " " + path);
  });
  Lines out;
  for (const std::string& operation : served)
    if (!described.contains(operation)) out.push_back(operation + " is served and not described");
  for (const std::string& operation : described)
    if (!served.contains(operation)) out.push_back(operation + " is described and not served");
  return out;
}

Lines OpenApi::faults() const {
  Lines out;
  const bj::value* version = find(state_->document, "openapi");
  if (version == nullptr || !version->is_string() || !version->get_string().starts_with("3.1."))
    out.emplace_back("the document is not OpenAPI 3.1");
  std::set<std::string> identifiers;
  for_each_operation(state_->document, [&](const std::string& path, std::string_view method, const bj::value& operation,
                                           const bj::value& item) {
    state_->check_operation(path, method, operation, item, identifiers, out);
  });
  if (const bj::value* components = find(state_->document, "components"))
    if (const bj::value* schemas = find(*components, "schemas"))
      for (const auto& [name, schema] : schemas->get_object())
        if (const bj::value* examples = find(schema, "examples"))
          for (const bj::value& example : examples->get_array())
            state_->schemas.check(schema, example, "schema " + std::string(name) + " example", out);
  state_->check_references(out);
  return out;
}

void OpenApi::State::check_operation(const std::string& path, std::string_view method, const bj::value& operation,
                                     const bj::value& item, std::set<std::string>& identifiers, Lines& out) const {
  const std::string where = upper(method) + " " + path;
  for (const char* member : {"operationId", "summary", "tags", "responses", "security"})
    if (find(operation, member) == nullptr) out.push_back(where + " has no " + member);
  if (const bj::value* identifier = find(operation, "operationId"))
    if (!identifiers.insert(std::string(identifier->as_string())).second)
      out.push_back(where + " repeats an operationId");
  check_parameters(where, path, operation, item, out);
  if (const bj::value* body = find(operation, "requestBody")) check_examples(where + " body", resolved(*body), out);
  check_responses(where, operation, out);
}

void OpenApi::State::check_parameters(const std::string& where, const std::string& path, const bj::value& operation,
                                      const bj::value& item, Lines& out) const {
  std::set<std::string> described;
  for (const bj::value* holder : {&operation, &item}) {
    const bj::value* parameters = find(*holder, "parameters");
    if (parameters == nullptr) continue;
    for (const bj::value& entry : parameters->as_array()) {
      const bj::value& parameter = resolved(entry);
      for (const char* member : {"name", "in", "description", "schema"})
        if (find(parameter, member) == nullptr) out.push_back(where + " has a parameter without " + member);
      if (const bj::value* example = find(parameter, "example"))
        schemas.check(parameter.at("schema"), *example, where + " parameter example", out);
      if (parameter.at("in").as_string() == "path") described.insert(std::string(parameter.at("name").as_string()));
    }
  }
  if (described != names_in(path)) out.push_back(where + " describes other path parameters than its path has");
}

void OpenApi::State::check_responses(const std::string& where, const bj::value& operation, Lines& out) const {
  const bj::value* responses = find(operation, "responses");
  if (responses == nullptr || !responses->is_object()) return;
  bool succeeds = false;
  bool fails = false;
  for (const auto& [status, entry] : responses->get_object()) {
    const bj::value& response = resolved(entry);
    const std::string here = where + " " + std::string(status);
    if (find(response, "description") == nullptr) out.push_back(here + " has no description");
    const bool error = status == "default" || status.starts_with("4") || status.starts_with("5");
    (error ? fails : succeeds) = true;
    const bj::value* content = find(response, "content");
    if (content != nullptr) check_examples(here, response, out);
    const bool protocol = where.contains("/mcp") || where.contains("/socket.io/");  // with errors of its own
    const bool own_form =
        where.contains("/health") || (protocol && content != nullptr && find(*content, "application/json") != nullptr);
    if (error && !own_form && (content == nullptr || find(*content, "application/problem+json") == nullptr))
      out.push_back(here + " is an error without problem details");
  }
  if (!succeeds) out.push_back(where + " never succeeds");
  if (!fails) out.push_back(where + " names no error");
}

void OpenApi::State::check_examples(const std::string& where, const bj::value& holder, Lines& out) const {
  const bj::value* content = find(holder, "content");
  if (content == nullptr || !content->is_object()) {
    out.push_back(where + " has no content");
    return;
  }
  for (const auto& [type, media] : content->get_object()) {
    const bj::value* schema = find(media, "schema");
    if (schema == nullptr) {
      out.push_back(where + " " + std::string(type) + " has no schema");
      continue;
    }
    if (const bj::value* example = find(media, "example")) schemas.check(*schema, *example, where + " example", out);
    if (const bj::value* examples = find(media, "examples"))
      for (const auto& [name, example] : examples->get_object())
        schemas.check(*schema, resolved(example).at("value"), where + " example " + std::string(name), out);
  }
}

void OpenApi::State::check_references(Lines& out) const {
  std::set<std::string> used;
  const auto walk = [&](const auto& self, const bj::value& value) -> void {
    if (const auto* object = value.if_object()) {
      for (const auto& [name, member] : *object) {
        if (name == "$ref" && member.is_string()) {
          used.insert(std::string(member.get_string()));
          if (schemas.find_reference(member.get_string()) == nullptr)
            out.push_back("the reference " + std::string(member.get_string()) + " leads nowhere");
        }
        self(self, member);
      }
    } else if (const auto* array = value.if_array()) {
      for (const bj::value& element : *array) self(self, element);
    }
  };
  walk(walk, document);
  const bj::value* components = find(document, "components");
  if (components == nullptr) return;
  for (const auto& [kind, entries] : components->get_object()) {
    if (kind == "securitySchemes") continue;  // named by their keys
    for (const auto& [name, entry] : entries.get_object()) {
      const std::string reference = "#/components/" + std::string(kind) + "/" + std::string(name);
      if (!used.contains(reference)) out.push_back("nothing uses " + reference);
    }
  }
}

Lines OpenApi::answer_faults(std::string_view method, std::string_view pattern, const net::Response& response) const {
  Lines out;
  const std::string where = std::string(method) + " " + std::string(pattern) + " " + std::to_string(response.status);
  const bj::value* operation = nullptr;
  for_each_operation(state_->document,
                     [&](const std::string& path, std::string_view word, const bj::value& found, const auto&) {
                       if (path == pattern && upper(word) == method) operation = &found;
                     });
  if (operation == nullptr) return {where + " is not described"};
  const bj::value& responses = operation->at("responses");
  const bj::value* entry = find(responses, std::to_string(response.status));
  if (entry == nullptr) entry = find(responses, "default");
  if (entry == nullptr) return {where + ": the status is not described"};
  const bj::value* content = find(state_->resolved(*entry), "content");
  if (content == nullptr) {
    if (!response.body.empty()) out.push_back(where + " has a body that is not described");
    return out;
  }
  const auto header = std::ranges::find(response.headers, "content-type", &net::Header::name);
  const std::string type = header == response.headers.end() ? "" : header->value.substr(0, header->value.find(';'));
  const bj::value* media = find(*content, type);
  if (media == nullptr) return {where + ": the media type \"" + type + "\" is not described"};
  if (type.ends_with("json")) state_->schemas.check(media->at("schema"), bj::parse(response.body), where, out);
  return out;
}

Lines OpenApi::schema_faults(std::string_view schema, std::string_view json) const {
  Lines out;
  const bj::value* found = state_->schemas.find_reference("#/components/schemas/" + std::string(schema));
  if (found == nullptr) return {"there is no schema " + std::string(schema)};
  state_->schemas.check(*found, bj::parse(bj::string_view(json.data(), json.size())), std::string(schema), out);
  return out;
}

}  // namespace concord::gateway::testing
