#include "app/far_documents.h"

#include <charconv>

#include "gateway/problem.h"

namespace concord::app {

namespace {

constexpr std::string_view kPrefix = "/node/documents/";  // no client's request gets here: it comes by a link alone
constexpr std::string_view kFormat = "format";
constexpr std::string_view kAuthor = "author";
constexpr std::string_view kVersion = "version";
constexpr std::string_view kUpdated = "updated";

std::string_view header(const net::Response& response, std::string_view name) {
  for (const net::Header& one : response.headers)
    if (one.name == name) return one.value;
  return "";
}

template <class Number>
Number number(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

net::Request request_for(DocumentId id, std::string method, std::string_view name, std::string value) {
  net::Request request;
  request.method = std::move(method);
  request.path = std::string(kPrefix) + id.str();
  request.query.emplace_back(name, std::move(value));
  return request;
}

/// What went wrong there, as far as who asks can do something about it.
Error error_of(const net::Response& response) {
  if (response.status == 404) return {Code::kNotFound, "there is no such document", {}};
  return {Code::kUnavailable, "the node that serves the document cannot answer; try again", {}};
}

}  // namespace

bool FarByRequests::is_far(DocumentId id) const {
  const auto shard = places_.shard_of(id.slot());
  return shard && !places_.is_here(*shard) && places_.elsewhere(*shard);
}

Task<net::Response> FarByRequests::ask(DocumentId id, net::Request request) {
  CO_TRY(auto answered, co_await requests_.forward(id.slot(), request));
  if (!answered) co_return fail(Code::kUnavailable, "the document is on its way to this node; try again");
  if (answered->status >= 300) co_return fail(error_of(*answered));
  co_return std::move(*answered);
}

Task<documents::DocumentContent> FarByRequests::read(DocumentId id, documents::Format format) {
  net::Request request = request_for(id, "GET", kFormat, std::string(documents::to_string(format)));
  CO_TRY(net::Response response, co_await ask(id, std::move(request)));
  const auto version = number<std::uint64_t>(header(response, kVersion));
  const auto updated_ms = number<std::int64_t>(header(response, kUpdated));
  const bool stale = !header(response, documents::kStaleHeader).empty();
  co_return documents::DocumentContent{
      .json = std::move(response.body), .version = version, .updated_ms = updated_ms, .stale = stale};
}

Task<> FarByRequests::remove(DocumentId id, std::string author) {
  CO_TRY_VOID(co_await ask(id, request_for(id, "DELETE", kAuthor, std::move(author))));
  co_return Result<>{};
}

asio::awaitable<std::optional<net::Response>> answer_node(documents::Documents& documents,
                                                          const net::Request& request) {
  if (!request.path.starts_with(kPrefix)) co_return std::nullopt;
  const auto id = DocumentId::parse(std::string_view(request.path).substr(kPrefix.size()));
  const auto format = documents::parse_format(request.query_value(kFormat).value_or(""));
  const auto author = request.query_value(kAuthor);
  Error failure{Code::kInvalidArgument, "a node asks for what nodes do not answer", {}};
  net::Response response;
  if (id && format && request.method == "GET") {
    auto content = co_await documents.read(*id, *format);
    if (content) {
      response.set(std::string(kVersion), std::to_string(content->version));
      response.set(std::string(kUpdated), std::to_string(content->updated_ms));
      if (content->stale) response.set(std::string(documents::kStaleHeader), "true");
      response.body = std::move(content->json);
      co_return response;
    }
    failure = std::move(content).error();
  } else if (id && author && request.method == "DELETE") {
    auto removed = co_await documents.remove(*id, std::string(*author));
    if (removed) co_return response;
    failure = std::move(removed).error();
  }
  co_return gateway::problem_response(failure, request.request_id);
}

}  // namespace concord::app
