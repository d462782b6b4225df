// Comments and suggestions in the CRDT: reading them whatever is there, changing them, and who may change what.

#include "documents/annotations.h"

#include <gtest/gtest.h>

#include <random>

#include "crdt/any_json.h"
#include "documents/annotation_edits.h"
#include "documents/annotation_rules.h"
#include "documents/content.h"

namespace concord::documents {
namespace {

using crdt::Any;
using crdt::ClientId;
using crdt::Doc;
using crdt::Map;

constexpr const char* kFirst = "cmt_01m7zqmjyse94an2a0aywz21ma";
constexpr const char* kSecond = "cmt_01m7zqmjyse94an2a0aywz21mb";
constexpr const char* kThird = "cmt_01m7zqmjyse94an2a0aywz21mc";
constexpr const char* kSuggested = "sug_01m7zqmjyse94an2a0aywz21ma";

Doc copy_of(const Doc& doc, std::uint64_t client) {
  Doc copy({.client = ClientId{client}});
  EXPECT_TRUE(copy.apply_update(doc.encode_state_as_update()).has_value());
  return copy;
}

Comment comment(std::string id, std::string author, std::string body, std::int64_t at_ms = 1000) {
  Comment out;
  out.id = std::move(id);
  out.author = std::move(author);
  out.body = std::move(body);
  out.at_ms = at_ms;
  return out;
}

void take(Doc& doc, const Result<Bytes>& update) {
  ASSERT_TRUE(update.has_value()) << update.error().message;
  EXPECT_FALSE(update->empty());
  ASSERT_TRUE(doc.apply_update(*update).has_value());
}

/// A document with "hello world", of client 1.
Doc hello() {
  Doc doc({.client = ClientId{1}});
  (void)doc.transact([&] { (void)doc.text(kContentRoot).insert(0, "hello world"); });
  return doc;
}

std::string text_of(Doc& doc) { return doc.text(kContentRoot).to_string(); }

/// An update that leads the content to `text`, of a client of its own.
Bytes edit(const Doc& doc, std::uint64_t client, std::string_view text) {
  return edit_update(doc.encode_state_as_update(), ClientId{client}, Format::kText, text).value();
}

Suggestion suggestion(const Doc& doc, std::string author, std::string_view text, std::uint64_t client = 77) {
  return {
      .id = kSuggested, .author = std::move(author), .at_ms = 5, .message = "why", .update = edit(doc, client, text)};
}

TEST(Annotations, an_anchor_stays_with_its_text_until_that_is_gone) {
  Doc doc = hello();
  Comment about = comment(kFirst, "usr_ada", "which world?");
  about.anchor = anchor_at(doc, {6, 11}).value();
  EXPECT_EQ(about.anchor->quote, "world");
  Doc peer = copy_of(doc, 2);
  take(doc, add_comment(peer, about));
  (void)doc.transact([&] { (void)doc.text(kContentRoot).insert(6, "wide "); });
  const auto read = read_comments(doc);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].body, "which world?");
  const auto range = range_of(doc, *read[0].anchor);
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->start, 11U);
  EXPECT_EQ(range->end, 16U);
  (void)doc.transact([&] { (void)doc.text(kContentRoot).insert(16, "!"); });  // behind it, and not part of it
  EXPECT_EQ(range_of(doc, *read[0].anchor)->end, 16U);
  (void)doc.transact([&] { (void)doc.text(kContentRoot).erase(10, 7); });
  EXPECT_FALSE(range_of(doc, *read[0].anchor).has_value());
  EXPECT_EQ(read_comments(doc)[0].anchor->quote, "world");
  for (const Range wrong : {Range{3, 3}, Range{4, 3}, Range{0, 99}}) EXPECT_FALSE(anchor_at(doc, wrong).has_value());
}

TEST(Annotations, a_quote_is_cut_between_characters) {
  Doc doc({.client = ClientId{1}});
  std::string smileys;
  for (int i = 0; i < 200; ++i) smileys += "\xf0\x9f\x98\x80";
  (void)doc.transact([&] {
    (void)doc.text(kContentRoot).insert(0, "x" + smileys);
    (void)doc.text(kContentRoot).insert_embed(1, Any(crdt::AnyObject{{"image", Any("a")}}));
  });
  EXPECT_EQ(anchor_at(doc, {0, 402}).value().quote.size(), 1U + 4U * 149U);
}

TEST(Annotations, are_changed_as_rest_changes_them) {
  Doc doc = hello();
  Doc hub = copy_of(doc, 2);
  const auto change = [&](const Result<Bytes>& update) { take(doc, update); };
  change(add_comment(hub, comment(kFirst, "usr_ada", "one", 2000)));
  change(add_comment(hub, comment(kSecond, "usr_bob", "two", 1000)));
  Comment reply = comment(kThird, "usr_bob", "indeed");
  reply.mentions = {"usr_ada"};
  change(add_reply(hub, kFirst, reply));
  change(reword(hub, kFirst, {}, {"one, better", {"usr_bob"}, 3000}));
  change(reword(hub, kFirst, kThird, {"not at all", {}, 3001}));
  change(resolve_comment(hub, kSecond, Stamp{"usr_ada", 4000}));
  auto all = read_comments(doc);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, kSecond);  // by time
  EXPECT_EQ(all[0].resolved->by, "usr_ada");
  EXPECT_EQ(all[1].body, "one, better");
  EXPECT_EQ(all[1].edited_ms, 3000);
  EXPECT_EQ(all[1].mentions, std::vector<std::string>{"usr_bob"});
  ASSERT_EQ(all[1].replies.size(), 1U);
  EXPECT_EQ(all[1].replies[0].body, "not at all");
  EXPECT_TRUE(all[1].replies[0].mentions.empty());
  EXPECT_EQ(resolve_comment(hub, kSecond, Stamp{"usr_ada", 1}).error().code, Code::kConflict);
  change(resolve_comment(hub, kSecond, std::nullopt));
  EXPECT_EQ(resolve_comment(hub, kSecond, std::nullopt).error().code, Code::kConflict);
  change(remove_comment(hub, kFirst, kThird));
  EXPECT_TRUE(read_comment(doc, kFirst)->replies.empty());
  change(remove_comment(hub, kFirst, {}));
  EXPECT_FALSE(read_comment(doc, kFirst).has_value());
  EXPECT_EQ(remove_comment(hub, kFirst, {}).error().code, Code::kNotFound);
  EXPECT_EQ(add_reply(hub, kFirst, reply).error().code, Code::kNotFound);
  EXPECT_EQ(text_of(doc), "hello world");
}

TEST(Annotations, what_is_malformed_is_passed_over) {
  Doc doc = hello();
  (void)doc.transact([&] {
    Map all = doc.map(kCommentsRoot);
    (void)all.set("cmt_x", Any("text"));
    (void)all.set(kFirst, Any(crdt::AnyObject{{"author", Any("usr_ada")}}));  // no map of the CRDT
    Map no_author = *all.set_map(kSecond);
    (void)no_author.set("body", "who?");
    Map wrong_id = *all.set_map("cmt_1");
    for (const char* field : {"author", "body"}) (void)wrong_id.set(field, "x");
    (void)wrong_id.set("at", 1);
    Map odd = *all.set_map(kThird);
    (void)odd.set("author", "usr_ada");
    (void)odd.set("body", "fine");
    (void)odd.set("at", 12.5);
    (void)odd.set("start", Any(Bytes{1, 2, 3}));
    (void)odd.set("end", "here");
    (void)odd.set("quote", 7);
    (void)odd.set("mentions", Any(crdt::AnyArray{Any(1), Any("usr_bob"), Any(std::string(65, 'x'))}));
    (void)odd.set("resolved", true);
    (void)odd.set("edited_at", -1);
    Map replies = *odd.set_map("replies");
    (void)replies.set(kFirst, Any(1));
    (void)*replies.set_text(kSecond);
    Map suggested = *doc.map(kSuggestionsRoot).set_map(kSuggested);
    (void)suggested.set("author", "usr_ada");
    (void)suggested.set("message", "");
    (void)suggested.set("at", 1);
    (void)suggested.set("update", Any(Bytes{9, 9, 9}));
  });
  const auto all = read_comments(doc);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, kThird);
  EXPECT_EQ(all[0].at_ms, 12);
  EXPECT_EQ(all[0].mentions, std::vector<std::string>{"usr_bob"});
  EXPECT_FALSE(all[0].anchor || all[0].resolved || all[0].edited_ms);
  EXPECT_TRUE(all[0].replies.empty());
  EXPECT_TRUE(read_suggestions(doc).empty());
}

TEST(Annotations, a_suggestion_is_decided_once_and_accepted_counts) {
  Doc doc = hello();
  Doc ada = copy_of(doc, 2);
  take(doc, add_suggestion(ada, suggestion(doc, "usr_ada", "hello, world")));
  EXPECT_EQ(text_of(doc), "hello world");
  Doc bob = copy_of(doc, 3);
  Doc eve = copy_of(doc, 4);
  const auto accepted = decide_suggestion(bob, kSuggested, SuggestionState::kAccepted, {"usr_bob", 7});
  const auto rejected = decide_suggestion(eve, kSuggested, SuggestionState::kRejected, {"usr_eve", 8});
  take(doc, rejected);
  EXPECT_EQ(read_suggestion(doc, kSuggested)->state, SuggestionState::kRejected);
  take(doc, accepted);
  const auto one = read_suggestion(doc, kSuggested);
  EXPECT_EQ(one->state, SuggestionState::kAccepted);
  EXPECT_EQ(one->decided.by, "usr_bob");
  EXPECT_EQ(decide_suggestion(bob, kSuggested, SuggestionState::kRejected, {"usr_bob", 9}).error().code,
            Code::kConflict);
  ASSERT_TRUE(applies(doc, one->update).has_value());
  ASSERT_TRUE(doc.apply_update(one->update).has_value());
  EXPECT_EQ(text_of(doc), "hello, world");
  EXPECT_TRUE(doc.covers(one->update).value());
  EXPECT_TRUE(element_of_suggestion(doc, kSuggested).has_value());
  EXPECT_EQ(element_of_suggestion(doc, kSuggested)->client, ClientId{2});
}

TEST(Annotations, a_suggestion_that_is_more_than_an_edit_is_not_accepted) {
  Doc doc = hello();
  Doc other = copy_of(doc, 5);
  const Bytes elsewhere = other.transact([&] {
    (void)other.text(kContentRoot).insert(0, "x");
    (void)other.map(kCommentsRoot).set("a", 1);
  });
  const Bytes later = other.transact([&] { (void)other.text(kContentRoot).insert(0, "y"); });
  Doc same = copy_of(doc, 1);  // as the client that has written the document
  const Bytes forged = same.transact([&] { (void)same.text(kContentRoot).insert(0, "z"); });
  for (const Bytes& wrong : {elsewhere, later, forged, Bytes{7}})
    EXPECT_EQ(applies(doc, wrong).error().code, Code::kConflict);
  EXPECT_TRUE(applies(doc, edit(doc, 9, "hello")).has_value());
}

// ---- who may do what

constexpr std::uint64_t kEve = 40;

struct Case {
  Doc hub = hello();
  Doc eve;  // her replica; client kEve

  Case() {
    Doc rest = copy_of(hub, 2);
    take(hub, add_comment(rest, comment(kFirst, "usr_ada", "of Ada's")));
    take(hub, add_comment(rest, comment(kSecond, "usr_eve", "of Eve's")));
    take(hub, add_reply(rest, kSecond, comment(kThird, "usr_ada", "Ada replies")));
    take(hub, add_suggestion(rest, suggestion(hub, "usr_ada", "hello")));
    eve = copy_of(hub, kEve);
  }

  /// Whether Eve may make the change; nothing stays of it.
  template <class Change>
  Result<> may(Change change, bool may_suggest = true) {
    Doc peer = copy_of(hub, kEve);
    Result<> made;
    const Bytes update = peer.transact([&] { change(peer); });
    EXPECT_FALSE(update.empty());
    Doc copy = copy_of(hub, 99);
    auto done = annotate(copy, update, {.principal = "usr_eve", .may_suggest = may_suggest});
    if (!done) return fail(std::move(done).error());
    return {};
  }
  template <class Change>
  Result<> edits(Change change) {
    Doc peer = copy_of(hub, kEve);
    const auto update = change(peer);
    EXPECT_TRUE(update.has_value());
    Doc copy = copy_of(hub, 99);
    auto done = annotate(copy, *update, {.principal = "usr_eve", .may_suggest = true});
    if (!done) return fail(std::move(done).error());
    return {};
  }
};

constexpr const char* kNew = "cmt_01m7zqmjyse94an2a0aywz21md";

Map entry(Doc& doc, std::string_view id, std::string_view root = kCommentsRoot) {
  return std::get<Map>(*doc.map(root).get(id));
}

TEST(Annotators, change_their_own) {
  Case is;
  const auto allowed = [&](auto change) {
    const auto done = is.edits(change);
    EXPECT_TRUE(done.has_value()) << done.error().message;
  };
  allowed([](Doc& doc) { return add_comment(doc, comment(kNew, "usr_eve", "new")); });
  allowed([](Doc& doc) { return add_reply(doc, kFirst, comment(kNew, "usr_eve", "to Ada")); });
  allowed([](Doc& doc) { return reword(doc, kSecond, {}, {"better", {"usr_ada"}, 9}); });
  allowed([](Doc& doc) { return resolve_comment(doc, kSecond, Stamp{"usr_eve", 9}); });
  allowed([](Doc& doc) { return remove_comment(doc, kSecond, {}); });
  allowed([](Doc& doc) {
    Suggestion one = suggestion(doc, "usr_eve", "hello, you");
    one.id = "sug_01m7zqmjyse94an2a0aywz21mb";
    return add_suggestion(doc, one);
  });
}

TEST(Annotators, change_nothing_else) {
  Case is;
  const auto refused = [&](auto change) {
    const auto done = is.may(change);
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, Code::kPermissionDenied) << done.error().message;
  };
  refused([](Doc& doc) { (void)doc.text(kContentRoot).insert(0, "x"); });
  refused([](Doc& doc) { (void)doc.text(kContentRoot).erase(0, 1); });
  refused([](Doc& doc) { (void)doc.map("other").set("a", 1); });
  refused([](Doc& doc) { (void)entry(doc, kFirst).set("body", "forged"); });
  refused([](Doc& doc) { (void)entry(doc, kFirst).set("author", "usr_eve"); });
  refused([](Doc& doc) { (void)entry(doc, kSecond).set("author", "usr_ada"); });
  refused([](Doc& doc) { (void)doc.map(kCommentsRoot).erase(kFirst); });
  refused([](Doc& doc) { (void)doc.map(kCommentsRoot).set_map(kFirst); });
  refused([](Doc& doc) { (void)doc.map(kCommentsRoot).set(kNew, Any(crdt::AnyObject{{"author", Any("usr_eve")}})); });
  refused([](Doc& doc) { (void)doc.map(kCommentsRoot).set("junk", 1); });
  refused([](Doc& doc) { (void)entry(doc, kFirst).set("resolved", Any(crdt::AnyObject{})); });
  refused([](Doc& doc) {
    (void)entry(doc, kSecond).set("resolved", Any(crdt::AnyObject{{"by", Any("usr_ada")}, {"at", Any(1)}}));
  });
  refused([](Doc& doc) { (void)entry(doc, kSecond).erase("body"); });
  refused([](Doc& doc) { (void)entry(doc, kSecond).set("body", std::string(4001, 'x')); });
  refused([](Doc& doc) { (void)std::get<Map>(*entry(doc, kSecond).get("replies")).erase(kThird); });
  refused([](Doc& doc) { (void)entry(doc, kSecond).set_map("replies"); });  // Ada's reply with it
  refused([](Doc& doc) {
    Map replies = std::get<Map>(*entry(doc, kFirst).get("replies"));
    Map reply = *replies.set_map(kNew);
    for (const auto& [field, value] : {std::pair("author", "usr_ada"), std::pair("body", "forged")})
      (void)reply.set(field, value);
    (void)reply.set("at", 1);
  });
  refused([](Doc& doc) { (void)entry(doc, kSuggested, kSuggestionsRoot).set("message", "forged"); });
  refused([](Doc& doc) { (void)doc.map(kSuggestionsRoot).erase(kSuggested); });
  refused([](Doc& doc) {
    (void)entry(doc, kSuggested, kSuggestionsRoot)
        .set("accepted", Any(crdt::AnyObject{{"by", Any("usr_eve")}, {"at", Any(1)}}));
  });
}

TEST(Annotators, accept_not_even_what_they_suggested) {
  Case is;
  Doc rest = copy_of(is.hub, 3);
  Suggestion own = suggestion(is.hub, "usr_eve", "hell");
  own.id = "sug_01m7zqmjyse94an2a0aywz21mb";
  take(is.hub, add_suggestion(rest, own));
  const auto by = [&](const char* who) { return Any(crdt::AnyObject{{"by", Any(who)}, {"at", Any(1)}}); };
  const auto sets = [&](const char* field, Any value) {
    return is.may([&](Doc& doc) { (void)entry(doc, own.id, kSuggestionsRoot).set(field, value); }).has_value();
  };
  EXPECT_FALSE(sets("accepted", by("usr_eve")));
  EXPECT_TRUE(sets("rejected", by("usr_eve")));  // taken back
  EXPECT_FALSE(sets("rejected", by("usr_ada")));
  EXPECT_TRUE(sets("message", Any("because")));
  EXPECT_FALSE(sets("update", Any("text")));
}

TEST(Annotators, who_may_comment_only_suggests_nothing) {
  Case is;
  const auto done =
      is.may([](Doc& doc) { (void)doc.map(kSuggestionsRoot).set_map("sug_01m7zqmjyse94an2a0aywz21mb"); }, false);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, Code::kPermissionDenied);
}

/// Clocks taken from a client whose edits are under way: its own structs would be passed over as known.
TEST(Annotators, do_not_write_as_a_client_that_edits) {
  Case is;
  Doc forged = copy_of(is.hub, 1);
  const Bytes update = add_comment(forged, comment(kNew, "usr_eve", "as client 1")).value();
  Doc copy = copy_of(is.hub, 99);
  EXPECT_EQ(annotate(copy, update, {.principal = "usr_eve"}).error().code, Code::kPermissionDenied);
  // Who wrote when they still might, and goes on.
  Doc again = copy_of(is.hub, 99);
  EXPECT_TRUE(annotate(again, update, {.principal = "usr_eve", .wrote_as = ClientId{1}}).has_value());
}

TEST(Annotators, an_update_that_waits_is_refused) {
  Case is;
  (void)add_comment(is.eve, comment(kNew, "usr_eve", "one"));
  const Bytes second = add_reply(is.eve, kNew, comment(kThird, "usr_eve", "two")).value();
  Doc copy = copy_of(is.hub, 99);
  EXPECT_EQ(annotate(copy, second, {.principal = "usr_eve"}).error().code, Code::kPermissionDenied);
}

TEST(Annotators, a_reply_to_what_was_removed_meanwhile_comes_to_nothing) {
  Case is;
  const Bytes reply = add_reply(is.eve, kFirst, comment(kNew, "usr_eve", "late")).value();
  Doc rest = copy_of(is.hub, 3);
  take(is.hub, remove_comment(rest, kFirst, {}));
  Doc copy = copy_of(is.hub, 99);
  EXPECT_TRUE(annotate(copy, reply, {.principal = "usr_eve"}).has_value());
  EXPECT_FALSE(read_comment(copy, kFirst).has_value());
}

}  // namespace
}  // namespace concord::documents
