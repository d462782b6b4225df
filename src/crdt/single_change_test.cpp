// The short way of single changes against the general way, which a document that is observed takes.

#include "crdt/single_change.h"

#include <gtest/gtest.h>

#include <random>

#include "crdt/doc.h"

namespace concord::crdt {
namespace {

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

bool recognised(ByteView update, UpdateFormat format) {
  TypedChange typed;
  ErasedChange erased;
  return read_single_change(update, format, typed) || read_single_change(update, format, erased);
}

/// A document of two authors, and the next change of the first, as people make them.
struct Step {
  Bytes before;
  Bytes change;
};

std::vector<Step> write_steps(Random& random, UpdateFormat format, std::size_t count) {
  static constexpr std::string_view kTyped[] = {
      "a", "bc", " ", "\xc3\xa4", "\xf0\x9f\x98\x80", "hello world, once more"};
  Doc author({.client = ClientId{3000000001}, .update_format = format});
  Doc other({.client = ClientId{7}, .update_format = format});
  Text text = author.text("t");
  std::vector<Step> steps;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (below(random, 10) == 0) {
      Text theirs = other.text("t");
      const Bytes update =
          other.transact([&] { (void)theirs.insert(below(random, theirs.length() + 1), kTyped[below(random, 6)]); });
      EXPECT_TRUE(author.apply_update(update, format).has_value());
    }
    Step step{.before = author.encode_state_as_update(), .change = {}};
    if (below(random, 6) == 0) at = below(random, text.length() + 1);
    at = std::min(at, text.length());
    const std::size_t length = text.length();
    step.change = author.transact([&] {
      if (at > 1 && below(random, 4) == 0)
        (void)text.erase(--at, 1);
      else
        (void)text.insert(at, kTyped[below(random, 6)]);
    });
    at += text.length() > length ? text.length() - length : 0;
    EXPECT_TRUE(other.apply_update(step.change, format).has_value());
    steps.push_back(std::move(step));
  }
  return steps;
}

/// What comes of a change in either way; empty where that is the same.
std::string difference(const Step& step, ByteView change, UpdateFormat format) {
  Doc brief;
  Doc general;
  const Subscription subscription = general.observe_updates([](const auto&...) {});
  if (!brief.apply_update(step.before) || !general.apply_update(step.before)) return "the document was refused";
  const auto one = brief.apply_update(change, format);
  const auto two = general.apply_update(change, format);
  if (one.has_value() != two.has_value()) return one ? "only the short way takes it" : "only the general way takes it";
  if (!one) return one.error().message == two.error().message ? "" : "it is refused differently";
  if (one->changed != two->changed || one->pending != two->pending) return "another outcome is told";
  if (brief.encode_state_as_update() != general.encode_state_as_update()) return "the encoding differs";
  return brief.validate();
}

class SingleChange : public testing::TestWithParam<UpdateFormat> {};
INSTANTIATE_TEST_SUITE_P(formats, SingleChange, testing::Values(UpdateFormat::kV1, UpdateFormat::kV2),
                         [](const auto& info) { return info.param == UpdateFormat::kV1 ? "v1" : "v2"; });

TEST_P(SingleChange, has_the_outcome_of_the_general_way) {
  Random random(11);
  std::size_t known = 0;
  const auto steps = write_steps(random, GetParam(), 300);
  for (const Step& step : steps) {
    known += recognised(step.change, GetParam()) ? 1 : 0;
    EXPECT_EQ(difference(step, step.change, GetParam()), "") << to_hex(step.change);
  }
  EXPECT_GT(known, steps.size() / 2);
}

TEST_P(SingleChange, that_was_damaged_is_taken_or_refused_as_the_general_way_does) {
  Random random(12);
  for (const Step& step : write_steps(random, GetParam(), 60)) {
    for (std::size_t i = 0; i < step.change.size(); ++i) {
      Bytes damaged = step.change;
      damaged[i] = static_cast<std::uint8_t>(below(random, 3) == 0 ? random() : damaged[i] ^ (1U << below(random, 8)));
      EXPECT_EQ(difference(step, damaged, GetParam()), "") << to_hex(damaged) << " from " << to_hex(step.change);
      damaged = step.change;
      damaged.insert(damaged.begin() + static_cast<std::ptrdiff_t>(i), static_cast<std::uint8_t>(below(random, 3)));
      EXPECT_EQ(difference(step, damaged, GetParam()), "") << to_hex(damaged) << " from " << to_hex(step.change);
      EXPECT_EQ(difference(step, ByteView(step.change).first(i), GetParam()), "") << to_hex(step.change) << " to " << i;
    }
  }
}

}  // namespace
}  // namespace concord::crdt
