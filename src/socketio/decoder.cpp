#include "socketio/decoder.h"

namespace concord::socketio {

namespace {

std::unexpected<Error> out_of_turn(std::string problem) {
  return fail(Error{Code::kInvalidArgument, std::move(problem), {{"field", "attachments"}}});
}

}  // namespace

Result<const Packet*> Decoder::add(std::string_view text) {
  if (missing_ > 0) return out_of_turn("text came where an attachment was announced");
  attachments_.clear();
  attached_bytes_ = 0;
  TRY(packet_, parse_packet(text, limits_));
  if (packet_.attachments == 0) return &packet_;
  text_ = text;
  TRY(packet_, parse_packet(text_, limits_));  // now points into what stays
  missing_ = packet_.attachments;
  return nullptr;
}

Result<const Packet*> Decoder::add(Bytes attachment) {
  if (missing_ == 0) return out_of_turn("bytes came that no packet announced");
  attached_bytes_ += attachment.size();
  if (attached_bytes_ > max_attached_bytes_)
    return fail(
        Error{Code::kTooLarge,
              "a packet's attachments are over their limit of " + std::to_string(max_attached_bytes_) + " bytes",
              {{"field", "attachments"}, {"limit", std::to_string(max_attached_bytes_)}}});
  attachments_.push_back(std::move(attachment));
  return --missing_ > 0 ? nullptr : &packet_;
}

}  // namespace concord::socketio
