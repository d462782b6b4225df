#include "documents/ot_far.h"

#include "documents/live_relay.h"

namespace concord::documents {

OtSocket::~OtSocket() = default;

/// Null where the document is served here, or, where it is not joined just now, by nobody.
std::shared_ptr<OtSocket::Far> OtSocket::far_for(DocumentId document, bool joins) {
  const std::uint32_t shard = places_.shard_of(document).value;
  const auto open = far_.find(shard);
  if (!joins) return open != far_.end() && open->second->documents.contains(document.str()) ? open->second : nullptr;
  if (channels_.contains(document.str()) || !relay_->is_far(document)) return nullptr;
  const auto peer = relay_->peer_of(document);
  if (open != far_.end() && open->second->peer == peer) return open->second;
  if (open != far_.end()) end_far(shard);  // the shard has moved since
  if (!peer) return nullptr;
  auto far = std::make_shared<Far>(*peer, nullptr);
  far->events = relay_->open(document, token_, socket_, [this, shard] { end_far(shard); });
  if (!far->events) return nullptr;
  far_.emplace(shard, far);
  return far;
}

/// To the node that serves the document, where that is another: whether it was. kRateLimited.
Result<bool> OtSocket::pass_on(DocumentId document, std::string_view event, std::string_view argument, AckId ack) {
  if (relay_ == nullptr) return false;
  const auto far = far_for(document, event == ot_protocol::kJoin);
  if (!far) return false;
  if (!far->events->send({.id = ack, .name = event, .argument = argument}))
    return fail(Code::kRateLimited, "too much at once; slow down");
  if (event == ot_protocol::kLeave) {
    far->documents.erase(document.str());
  } else {
    far->documents.insert(document.str());
  }
  return true;
}

/// Its documents may be joined again, wherever they are then.
void OtSocket::end_far(std::uint32_t shard) {
  const auto found = far_.find(shard);
  if (found == far_.end()) return;
  const std::shared_ptr<Far> far = found->second;
  far_.erase(found);
  far->events->close();
  for (const std::string& document : far->documents)
    emit(ot_protocol::kEnded, ot_protocol::ended(document, "unavailable", "the document moves; join it again",
                                                 relay_->reconnects().delay_ms()));
}

}  // namespace concord::documents
