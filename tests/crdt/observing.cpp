#include "observing.h"

namespace concord::crdt {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

Any kind(const char* name) { return Any(AnyObject{{"$", Any(name)}}); }

Any plain(const Value& value) {
  return std::visit(Overloaded{
                        [](const Any& any) { return any; },
                        [](const Text&) { return kind("text"); },
                        [](const Map&) { return kind("map"); },
                        [](const Array&) { return kind("array"); },
                        [](const XmlFragment&) { return kind("fragment"); },
                        [](const XmlElement&) { return kind("element"); },
                        [](const XmlText&) { return kind("xmltext"); },
                        [](const XmlHook&) { return kind("hook"); },
                        [](const Subdocument& subdocument) {
                          return Any(AnyObject{{"$", Any("doc")}, {"guid", Any(subdocument.guid())}});
                        },
                    },
                    value);
}

Any number(std::uint64_t value) { return Any(static_cast<double>(value)); }

Any shown_ranges(const std::vector<IdRange>& ranges) {
  AnyArray out;
  for (const IdRange& range : ranges)
    out.push_back(Any(AnyArray{number(range.client.value), number(range.clock), number(range.length)}));
  return Any(std::move(out));
}

Any shown_delta(const Event& event) {
  AnyArray out;
  for (const DeltaOp& op : event.text_delta()) {
    AnyArray one = *delta_to_any(std::span(&op, 1)).as<AnyArray>();
    if (op.shared.alive()) set_member(*one[0].as<AnyObject>(), "insert", plain(op.shared.value()));
    out.push_back(one[0]);
  }
  for (const ListOp& op : event.list_delta()) {
    if (op.kind == ListOp::Kind::kInsert) {
      AnyArray values;
      for (const Value& value : op.values) values.push_back(plain(value));
      out.push_back(Any(AnyObject{{"insert", Any(std::move(values))}}));
    } else {
      out.push_back(Any(AnyObject{{op.kind == ListOp::Kind::kRetain ? "retain" : "delete", number(op.length)}}));
    }
  }
  return Any(std::move(out));
}

Any shown_keys(const Event& event) {
  constexpr const char* kActions[] = {"add", "update", "delete"};
  AnyArray out;
  for (const KeyChange& change : event.keys())
    out.push_back(
        Any(AnyArray{Any(change.key), Any(kActions[static_cast<int>(change.action)]), plain(change.old_value)}));
  return Any(std::move(out));
}

Any shown_event(const std::string& how, const Event& event) {
  AnyArray path;
  for (const PathStep& step : event.path()) {
    if (const auto* key = std::get_if<std::string>(&step))
      path.push_back(Any(*key));
    else
      path.push_back(number(std::get<std::size_t>(step)));
  }
  AnyArray changed;
  for (const std::string& key : event.keys_changed()) changed.push_back(Any(key));
  const Any target = plain(event.target_value());
  const bool text = *target.find("$") == Any("text") || *target.find("$") == Any("xmltext");
  Any keys = shown_keys(event);
  Any delta = shown_delta(event);
  return Any(AnyObject{{"how", Any(how)},
                       {"target", *target.find("$")},
                       {"path", Any(std::move(path))},
                       {"list", Any(event.list_changed())},
                       {"changed", Any(std::move(changed))},
                       {"keys", std::move(keys)},
                       {"delta", std::move(delta)},
                       {"added", text ? Any(AnyArray{}) : shown_ranges(event.added())},
                       {"deleted", text ? Any(AnyArray{}) : shown_ranges(event.deleted())}});
}

Any shown_guids(const std::vector<Subdocument>& subdocuments) {
  AnyArray out;
  for (const Subdocument& subdocument : subdocuments) out.push_back(Any(subdocument.guid()));
  return Any(std::move(out));
}

Any shown_transaction(const Transaction& transaction) {
  return Any(AnyObject{{"transaction", Any(transaction.origin().kind)},
                       {"local", Any(transaction.local())},
                       {"inserts", shown_ranges(transaction.inserted())},
                       {"deletes", shown_ranges(transaction.deleted())},
                       {"types", number(transaction.changed().size())},
                       {"added", shown_guids(transaction.subdocuments_added())},
                       {"removed", shown_guids(transaction.subdocuments_removed())},
                       {"loaded", shown_guids(transaction.subdocuments_loaded())}});
}

}  // namespace

Observing::Observing(Doc& doc, bool answering) : doc_(doc), answering_(answering) {
  observe("text", doc.text("text"));
  observe("map", doc.map("map"));
  observe("array", doc.array("array"));
  observe("xml", doc.xml_fragment("xml"));
  subscriptions_.push_back(
      doc.observe_transactions([this](const Transaction& t) { told_.push_back(shown_transaction(t)); }));
  subscriptions_.push_back(
      doc.observe_updates([this](ByteView update, const Origin&, bool) { updates_.push_back(to_bytes(update)); }));
}

void Observing::observe(const std::string& name, const SharedType& type) {
  subscriptions_.push_back(type.observe([this, name](const Event& event) {
    told_.push_back(shown_event(name, event));
    if (!answering_ || name != "array" || event.transaction().origin().kind == "answer") return;
    doc_.transact([this] { (void)doc_.map("map").set("answer", number(doc_.array("array").length())); },
                  {.kind = "answer"});
  }));
  subscriptions_.push_back(type.observe_deep([this, name](std::span<const Event> events) {
    for (const Event& event : events) told_.push_back(shown_event(name + " deep", event));
  }));
}

}  // namespace concord::crdt
