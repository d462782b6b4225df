#include "documents/sync_protocol.h"

#include <gtest/gtest.h>

namespace concord::documents::sync_protocol {
namespace {

/// The payload of an unmasked frame shorter than 126 bytes.
ByteView payload_of(const net::Frame& frame) { return ByteView(*frame).subspan(2); }

TEST(SyncProtocol, reads_what_a_y_protocols_client_sends) {
  const Bytes payload{1, 2, 3};
  const struct {
    Bytes message;
    Kind kind;
    Bytes payload;
  } cases[] = {
      {{0, 0, 3, 1, 2, 3}, Kind::kStateVector, payload},
      {{0, 1, 3, 1, 2, 3}, Kind::kAnswer, payload},
      {{0, 2, 3, 1, 2, 3}, Kind::kUpdate, payload},
      {{1, 3, 1, 2, 3}, Kind::kAwareness, payload},
      {{3}, Kind::kQueryAwareness, {}},
  };
  for (const auto& one : cases) {
    auto message = parse(one.message);
    ASSERT_TRUE(message) << to_hex(one.message);
    EXPECT_EQ(message->kind, one.kind);
    EXPECT_EQ(to_bytes(message->payload), one.payload);
  }
}

TEST(SyncProtocol, refuses_what_no_client_sends) {
  for (const Bytes& bad : {Bytes{}, Bytes{0}, Bytes{0, 3, 0}, Bytes{0, 2, 5, 1}, Bytes{2, 0, 0}, Bytes{77}, Bytes{3, 0},
                           Bytes{0, 2, 1, 1, 9}, Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}) {
    auto message = parse(bad);
    ASSERT_FALSE(message) << to_hex(bad);
    EXPECT_EQ(message.error().code, Code::kInvalidArgument);
  }
}

TEST(SyncProtocol, writes_frames_that_a_y_protocols_client_reads) {
  const Bytes payload{9, 8};
  EXPECT_EQ(to_bytes(payload_of(state_vector_frame(payload))), (Bytes{0, 0, 2, 9, 8}));
  EXPECT_EQ(to_bytes(payload_of(answer_frame(payload))), (Bytes{0, 1, 2, 9, 8}));
  EXPECT_EQ(to_bytes(payload_of(update_frame(payload))), (Bytes{0, 2, 2, 9, 8}));
  EXPECT_EQ(to_bytes(payload_of(awareness_frame(payload))), (Bytes{1, 2, 9, 8}));
  EXPECT_EQ(to_bytes(payload_of(denied_frame("no"))), (Bytes{2, 0, 2, 'n', 'o'}));
  EXPECT_EQ(to_bytes(payload_of(saved_frame(300))), (Bytes{8, 0xac, 0x02}));
  EXPECT_EQ(to_bytes(payload_of(access_frame("read"))), (Bytes{9, 4, 'r', 'e', 'a', 'd'}));
}

}  // namespace
}  // namespace concord::documents::sync_protocol
