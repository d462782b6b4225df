#include "crdt/xml.h"

#include <gtest/gtest.h>

#include "crdt/any_json.h"
#include "crdt/doc.h"
#include "crdt/events.h"

namespace concord::crdt {
namespace {

Doc make_doc(std::uint64_t client) { return Doc({.client = ClientId{client}}); }

TEST(Xml, a_tree_reads_as_yjs_writes_it) {
  Doc doc = make_doc(1);
  XmlFragment xml = doc.xml_fragment("x");
  doc.transact([&] {
    XmlElement div = *xml.push_element("DIV");
    (void)div.set_attribute("id", Any("a\"b"));
    (void)div.set_attribute("Z", Any(AnyArray{Any(1), Any(Null{}), Any("c")}));
    (void)div.set_attribute("count", Any(2.5));
    XmlText text = *div.push_text();
    (void)text.insert(0, "hello", {{"i", Any(AnyObject{})}, {"b", Any(AnyObject{{"c", Any(true)}})}});
    (void)div.insert_hook(1, "hook");
    (void)xml.insert_element(0, "br");
  });
  EXPECT_EQ(xml.to_string(),
            "<br></br><div Z=\"1,,c\" count=\"2.5\" id=\"a\"b\"><b c=\"true\"><i>hello</i></b>[object Object]</div>");
  EXPECT_EQ(doc.validate(), "");
  Doc copy = make_doc(2);
  ASSERT_TRUE(copy.apply_update(doc.encode_state_as_update()).has_value());
  EXPECT_EQ(copy.xml_fragment("x").to_string(), xml.to_string());
  EXPECT_EQ(copy.encode_state_as_update(), doc.encode_state_as_update());
  EXPECT_EQ(copy.validate(), "");
}

TEST(Xml, children_siblings_and_parents_are_found) {
  Doc doc = make_doc(1);
  XmlFragment xml = doc.xml_fragment("x");
  doc.transact([&] {
    for (const char* name : {"a", "b", "c"}) (void)xml.push_element(name);
    XmlElement b = std::get<XmlElement>(*xml.get(1));
    (void)b.push_element("inner");
  });
  const XmlElement a = std::get<XmlElement>(*xml.first_child());
  const XmlElement b = std::get<XmlElement>(*a.next_sibling());
  EXPECT_EQ(b.node_name(), "b");
  EXPECT_EQ(std::get<XmlElement>(*b.previous_sibling()).node_name(), "a");
  EXPECT_FALSE(a.previous_sibling().has_value());
  EXPECT_TRUE(b.parent() == xml);
  EXPECT_FALSE(xml.parent().alive());
  EXPECT_EQ(xml.query_selector("INNER")->node_name(), "inner");
  EXPECT_EQ(xml.find([](const Value&) { return true; }).size(), 4U);
  doc.transact([&] { EXPECT_TRUE(xml.erase(1).has_value()); });
  EXPECT_FALSE(b.alive());
  EXPECT_EQ(std::get<XmlElement>(*a.next_sibling()).node_name(), "c");
  EXPECT_EQ(doc.validate(), "");
}

TEST(Xml, a_node_goes_behind_a_sibling_that_is_a_child) {
  Doc doc = make_doc(1);
  XmlFragment xml = doc.xml_fragment("x");
  doc.transact([&] {
    const XmlElement a = *xml.push_element("a");
    const XmlElement inner = *XmlElement(a).push_element("inner");
    EXPECT_TRUE(xml.insert_type_after(a, TypeKind::kXmlElement, "b").has_value());
    EXPECT_TRUE(xml.insert_type_after(SharedType(), TypeKind::kXmlElement, "first").has_value());
    EXPECT_EQ(xml.insert_type_after(inner, TypeKind::kXmlElement, "no").error().code, Code::kInvalidArgument);
    EXPECT_EQ(xml.insert_type(9, TypeKind::kXmlElement, "no").error().code, Code::kInvalidArgument);
    EXPECT_EQ(xml.insert_type(0, TypeKind::kXmlElement, "\xff").error().code, Code::kInvalidArgument);
    (void)xml.erase(1);
    EXPECT_EQ(xml.insert_type_after(a, TypeKind::kXmlElement, "no").error().code, Code::kInvalidArgument);
  });
  EXPECT_EQ(xml.to_string(), "<first></first><b></b>");
  EXPECT_EQ(doc.validate(), "");
}

TEST(Xml, types_nest_in_all_types) {
  Doc doc = make_doc(1);
  doc.transact([&] {
    (void)doc.map("m").set_type("e", TypeKind::kXmlElement, "p");
    (void)doc.array("a").insert_type(0, TypeKind::kXmlText);
    const SharedType hook = *doc.text("t").insert_embed_type(0, TypeKind::kXmlHook, "h", {{"b", Any(true)}});
    (void)std::get<XmlHook>(hook.value()).set("k", Any(1));
    EXPECT_FALSE(doc.map("m").set_type("e", static_cast<TypeKind>(15)).has_value());
  });
  EXPECT_EQ(to_json(doc.map("m").to_json()), R"({"e":"<p></p>"})");
  EXPECT_EQ(to_json(doc.array("a").to_json()), R"([""])");
  const auto delta = doc.text("t").to_delta();
  ASSERT_EQ(delta.size(), 1U);
  EXPECT_EQ(to_json(delta[0].embed), R"({"k":1})");
  EXPECT_EQ(std::get<XmlHook>(delta[0].shared.value()).hook_name(), "h");
  EXPECT_EQ(doc.validate(), "");
}

TEST(Xml, an_event_of_an_element_tells_attributes_and_children) {
  Doc doc = make_doc(1);
  XmlElement root = doc.xml_element("r");
  EXPECT_EQ(root.node_name(), "UNDEFINED");
  doc.transact([&] { (void)root.set_attribute("a", Any("old")); });
  int calls = 0;
  const Subscription subscription = root.observe([&](const Event& event) {
    ++calls;
    EXPECT_TRUE(event.list_changed());
    EXPECT_EQ(event.keys_changed(), (std::vector<std::string>{"a"}));
    ASSERT_EQ(event.list_delta().size(), 1U);
    EXPECT_TRUE(std::holds_alternative<XmlText>(event.list_delta()[0].values[0]));
    EXPECT_EQ(std::get<Any>(event.keys()[0].old_value), Any("old"));
  });
  doc.transact([&] {
    (void)root.set_attribute("a", Any("new"));
    (void)root.push_text();
  });
  EXPECT_EQ(calls, 1);
}

TEST(Xml, nesting_without_bound_is_read_without_recursion_without_bound) {
  Doc doc = make_doc(1);
  doc.transact([&] {
    XmlElement at = doc.xml_element("x");
    for (int i = 0; i < 5000; ++i) at = *at.push_element("e");
    XmlText text = *doc.xml_element("y").push_text();
    for (int i = 0; i < 5000; ++i) text = std::get<XmlText>(text.insert_embed_type(0, TypeKind::kXmlText)->value());
  });
  EXPECT_LT(doc.xml_element("x").to_string().size(), 10000U);
  EXPECT_LT(doc.xml_element("y").to_string().size(), 10000U);
  EXPECT_EQ(doc.xml_element("x").find([](const Value&) { return true; }).size(), 5000U);
}

// ---- subdocuments

TEST(Subdocuments, a_mention_reads_elsewhere_with_its_options) {
  Doc doc = make_doc(1);
  Doc copy = make_doc(2);
  doc.transact([&] {
    (void)doc.map("m").set_subdocument("d", {.guid = "one", .gc = false, .auto_load = true, .meta = Any("x")});
    (void)doc.array("a").insert_subdocument(0, {.guid = "two"});
  });
  ASSERT_TRUE(copy.apply_update(doc.encode_state_as_update()).has_value());
  EXPECT_EQ(copy.encode_state_as_update(), doc.encode_state_as_update());
  EXPECT_EQ(copy.subdocuments().size(), 2U);
  const auto one = std::get<Subdocument>(*copy.map("m").get("d"));
  EXPECT_EQ(one.guid(), "one");
  EXPECT_FALSE(one.options().gc);
  EXPECT_TRUE(one.should_load());
  EXPECT_EQ(one.options().meta, Any("x"));
  const auto two = std::get<Subdocument>(*copy.array("a").get(0));
  EXPECT_FALSE(two.should_load());
  EXPECT_TRUE(std::get<Subdocument>(*doc.array("a").get(0)).should_load());
  EXPECT_EQ(copy.validate(), "");
}

TEST(Subdocuments, a_transaction_tells_what_came_went_and_is_wanted) {
  Doc doc = make_doc(1);
  std::vector<std::string> told;
  const Subscription subscription = doc.observe_transactions([&](const Transaction& t) {
    for (const Subdocument& s : t.subdocuments_added()) told.push_back("+" + s.guid());
    for (const Subdocument& s : t.subdocuments_removed()) told.push_back("-" + s.guid());
    for (const Subdocument& s : t.subdocuments_loaded()) told.push_back("!" + s.guid());
  });
  Map map = doc.map("m");
  doc.transact([&] { (void)map.set_subdocument("d", {.guid = "a", .should_load = false}); });
  Subdocument a = std::get<Subdocument>(*map.get("d"));
  EXPECT_FALSE(a.load().has_value());
  doc.transact([&] {
    EXPECT_TRUE(a.load().has_value());
    EXPECT_TRUE(a.load().has_value());
  });
  doc.transact([&] { (void)map.set_subdocument("d", {.guid = "b"}); });
  EXPECT_EQ(told, (std::vector<std::string>{"+a", "!a", "+b", "-a", "!b"}));
  EXPECT_FALSE(a.alive());
  EXPECT_EQ(a.guid(), "");
  doc.transact([&] { EXPECT_FALSE(a.load().has_value()); });
  EXPECT_EQ(doc.subdocuments().size(), 1U);
  EXPECT_EQ(doc.validate(), "");
}

}  // namespace
}  // namespace concord::crdt
