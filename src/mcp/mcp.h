#pragma once
// The Model Context Protocol at /mcp: what programs of users, with their scoped tokens, do here by calling tools.
//
// Streamable HTTP: one POST a message, answered with plain JSON. No session, no stream: a request is all there is to
// know of it. Revision 2026-07-28 and, for older clients, 2025-11-25 and 2025-06-18 (docs/mcp.md).

#include <map>
#include <string>

#include "audit/audit.h"
#include "base/log.h"
#include "base/metrics.h"
#include "mcp/document_commenter.h"
#include "mcp/document_editor.h"
#include "mcp/document_reader.h"
#include "mcp/revision.h"
#include "mcp/tool.h"
#include "net/http.h"

namespace concord::mcp {

/// Any reactor.
class Mcp {
 public:
  /// All of it outlives the service.
  struct Dependencies {
    documents::Documents& documents;
    access::Access& access;
    identity::Identity& identity;
    audit::Audit& audit;
    BlockingPool& pool;
    Metrics& metrics;
    Logger logger;
    documents::ReadWatch* watch = nullptr;  // null: nobody is told
  };
  Mcp(Dependencies dependencies, documents::DocumentLimits limits);

  /// Adds POST /mcp. The service outlives the router.
  void add_routes(net::Router& router);

 private:
  /// A message that is being answered.
  struct Exchange {
    Revision revision = Revision::k20260728;
    Message message;
    Caller caller;
  };
  Task<net::Response> post(net::Request request);
  Task<net::Response> answer(Exchange exchange);
  Task<net::Response> call_tool(Exchange exchange);
  /// `run`, with whoever reads or misses documents watched.
  Task<std::string> run_watched(std::string_view tool, Caller caller, json::Object arguments);
  Task<std::string> run(std::string_view tool, Caller caller, json::Object arguments);
  net::Response tool_error(const Exchange& exchange, const ToolDefinition& tool, const Error& error);
  void count(std::string_view tool, std::string_view outcome);

  Dependencies on_;
  DocumentReader reader_;
  DocumentEditor editor_;
  DocumentCommenter commenter_;
  json::Limits limits_;
};

}  // namespace concord::mcp
