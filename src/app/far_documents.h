#pragma once
// Documents of other nodes, by requests that only nodes make of each other.

#include <optional>

#include "documents/documents.h"
#include "relay/requests.h"

namespace concord::app {

class FarByRequests final : public documents::FarDocuments {
 public:
  /// What is passed outlives it.
  FarByRequests(relay::Places places, relay::Requests& requests) : places_(std::move(places)), requests_(requests) {}

  bool is_far(DocumentId id) const override;
  Task<documents::DocumentContent> read(DocumentId id, documents::Format format) override;
  Task<> remove(DocumentId id, std::string author) override;

 private:
  Task<net::Response> ask(DocumentId id, net::Request request);

  relay::Places places_;
  relay::Requests& requests_;
};

/// Answers such a request of another node; nullopt where it is none.
asio::awaitable<std::optional<net::Response>> answer_node(documents::Documents& documents, const net::Request& request);

}  // namespace concord::app
