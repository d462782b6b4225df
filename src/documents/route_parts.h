#pragma once
// What the routes of documents share: reading a request, finding the document that it names, and answering.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "documents/catalog.h"
#include "documents/documents.h"
#include "json/object.h"
#include "json/writer.h"

namespace concord::documents {

constexpr std::size_t kDeltaOverhead = 8;  // a Delta's JSON may be so many times its text

net::Response json_response(int status, std::string body);
Result<Format> format_of(const net::Request& request);
Result<json::Object> body_of(const net::Request& request, const DocumentLimits& limits);
/// The page size that the query names, or the default.
Result<std::int64_t> parse_limit(const net::Request& request);
/// The field `next` of a page.
void write_next(json::Writer& out, const std::optional<AnnotationPlace>& next);
/// The folder that the query names, if it names one.
Result<std::optional<FolderId>> folder_query(const net::Request& request);
/// The run of content as an operation of a Delta, with what became of it and who did it.
void write_change(json::Writer& out, const VersionChange& change, const std::map<std::string, std::string>& names);
/// The content of a body's field in the form that edit_update takes, or nullopt where the field is absent.
Result<std::optional<std::string>> content_field(const json::Object& body, Format format, const DocumentLimits& limits);
/// A version as `field` names it in the path or the query: up to 2^53 - 1.
Result<std::uint64_t> parse_version(std::string_view field, std::string_view text);

/// The field `folder`: null where it is empty.
void write_folder(json::Writer& out, std::string_view folder);
/// Fields in the order of the documentation; the caller adds `content` and ends the object.
void write_fields(json::Writer& out, const DocumentRow& row, std::string_view owner_name);
std::string document_json(const DocumentRow& row, std::string_view owner_name, const std::string* content);
Result<DocumentId> document_of(const net::Request& request);

class DocumentRequests {
 public:
  DocumentRequests(Documents& documents, access::Access& access, identity::Identity& identity, DocumentLimits limits,
                   Clock& clock)
      : documents_(documents),
        catalog_(documents.store(), access),
        access_(access),
        identity_(identity),
        limits_(limits),
        clock_(clock) {}

  /// Sets kStaleHeader where what was read of the document may be out of date.
  void mark_stale(DocumentId id, net::Response& response);

 protected:
  struct Found {
    identity::Authenticated who;
    DocumentRow row;
  };
  /// The document of the path, for a user or agent who may at least `least`: 404 where they may not even see it, else
  /// 403.
  Task<Found> find(const net::Request& request, Level least);
  /// The same, also for who came by a link.
  Task<Found> find_for_visitor(const net::Request& request, Level least);
  Task<net::Response> respond(DocumentRow row, Documents::Content content);
  Task<std::map<UserId, std::string>> names_of(std::vector<UserId> ids);
  Task<Found> find(const net::Request& request, identity::Authenticated who, Level least);

  Documents& documents_;
  Catalog catalog_;
  access::Access& access_;
  identity::Identity& identity_;
  DocumentLimits limits_;
  Clock& clock_;
};

/// The name of a document or folder.
constexpr json::TextRule kNameRule{.least = 1, .most = 255};
/// `folder` of a body: absent where it is not named, "" where it is null.
Result<std::optional<std::string>> folder_field(const json::Object& body);
/// `doc_type` of a body, or what documents are where it is not named.
Result<std::string> type_field(const json::Object& body);
access::By by(const identity::Authenticated& who, const net::Request& request);

constexpr std::size_t kSmallBody = 16u << 10u;

template <class Routes>
void add_route(net::Router& router, std::string method, std::string pattern, std::shared_ptr<Routes> routes,
               Task<net::Response> (Routes::*handle)(net::Request), std::size_t body_limit = kSmallBody) {
  router.add({std::move(method), std::move(pattern),
              [routes = std::move(routes), handle](net::Request request) {
                return (routes.get()->*handle)(std::move(request));
              },
              body_limit});
}

template <class Routes>
Task<net::Response> read_document(std::shared_ptr<Routes> routes, Task<net::Response> (Routes::*handle)(net::Request),
                                  net::Request request) {
  const auto id = document_of(request);
  auto response = co_await (routes.get()->*handle)(std::move(request));
  if (response && id) routes->mark_stale(*id, *response);
  co_return response;
}

/// A GET of what the document holds: what it answers is marked where it may be out of date.
template <class Routes>
void add_read_route(net::Router& router, std::string pattern, std::shared_ptr<Routes> routes,
                    Task<net::Response> (Routes::*handle)(net::Request)) {
  router.add({"GET", std::move(pattern),
              [routes = std::move(routes), handle](net::Request request) {
                return read_document(routes, handle, std::move(request));
              },
              kSmallBody});
}

}  // namespace concord::documents
