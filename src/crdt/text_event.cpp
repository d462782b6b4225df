// The delta of a text's event, as Yjs's YTextEvent works it out: one walk over the text, with the formats in force now
// and those that were before, and what a retained run gets or loses of them.

#include <algorithm>

#include "crdt/any_json.h"
#include "crdt/engine.h"
#include "crdt/event_state.h"

namespace concord::crdt {

class TextEventDelta {
 public:
  TextEventDelta(const EventState& event) : event_(event), engine_(event.engine()), null_(engine_.null_value()) {}

  std::vector<DeltaOp> run() {
    const Store& store = engine_.store;
    for (ItemRef item = store.types[event_.changed().type].start; item != kNone; item = store.items[item].right) {
      switch (store.items[item].kind()) {
        case Kind::kType:
        case Kind::kEmbed:
        case Kind::kString:
          content(store.items[item]);
          break;
        case Kind::kFormat:
          format(item);
          break;
        default:
          break;
      }
    }
    flush();
    while (!delta_.empty() && delta_.back().kind == DeltaOp::Kind::kRetain && delta_.back().attributes.empty())
      delta_.pop_back();
    return std::move(delta_);
  }

  /// Formats that change nothing.
  const std::vector<ItemRef>& redundant() const { return redundant_; }

 private:
  enum class Action { kNone, kInsert, kRetain, kDelete };

  void content(const Item& it) {
    if (event_.adds(it)) {
      if (event_.deletes(it)) return;
      if (it.kind() == Kind::kString) {
        begin(Action::kInsert);
        run_.append(as_text(engine_.store.bytes_of(it)));
        return;
      }
      flush();
      delta_.push_back(engine_.embed_op(it, engine_.attributes_of(current_)));
    } else if (event_.deletes(it)) {
      begin(Action::kDelete);
      length_ += it.length;
    } else if (!it.deleted()) {
      begin(Action::kRetain);
      length_ += it.length;
    }
  }

  void format(ItemRef item) {
    const Item& it = engine_.store.items[item];
    const Format format = engine_.store.contents.format(it.content);
    bool in_force = !it.deleted();
    if (event_.adds(it)) {
      if (!event_.deletes(it)) in_force = came(item, format) && in_force;
    } else if (event_.deletes(it)) {
      put(old_, format.key, format.value);
      const std::uint32_t now = value(current_, format.key);
      if (!engine_.same_value(now, format.value)) {
        if (action_ == Action::kRetain) flush();
        put(attributes_, format.key, now);
      }
    } else if (in_force) {
      put(old_, format.key, format.value);
      in_force = stayed(item, format);
    }
    if (!in_force) return;
    if (action_ == Action::kInsert) flush();
    engine_.set_format(current_, format);
  }

  /// False where it changes nothing.
  bool came(ItemRef item, const Format& format) {
    if (engine_.same_value(value(current_, format.key), format.value)) {
      if (format.value == null_) return true;
      redundant_.push_back(item);
      return false;
    }
    if (action_ == Action::kRetain) flush();
    if (engine_.same_value(format.value, value(old_, format.key)))
      erase(attributes_, format.key);
    else
      put(attributes_, format.key, format.value);
    return true;
  }

  bool stayed(ItemRef item, const Format& format) {
    const auto attribute = std::ranges::find(attributes_, format.key, &Format::key);
    if (attribute == attributes_.end()) return true;
    if (engine_.same_value(attribute->value, format.value)) {
      if (attribute->value == null_) return true;
      redundant_.push_back(item);
      return false;
    }
    if (action_ == Action::kRetain) flush();
    if (format.value == null_)
      erase(attributes_, format.key);
    else
      put(attributes_, format.key, format.value);
    return true;
  }

  void begin(Action action) {
    if (action_ == action) return;
    flush();
    action_ = action;
  }

  void flush() {
    if (action_ == Action::kInsert)
      delta_.push_back(DeltaOp::insert(std::move(run_), engine_.attributes_of(current_)));
    else if (action_ == Action::kDelete)
      delta_.push_back(DeltaOp::erase(length_));
    else if (action_ == Action::kRetain)
      delta_.push_back(DeltaOp::retain(length_, engine_.attributes_of(attributes_)));
    run_.clear();
    length_ = 0;
    action_ = Action::kNone;
  }

  std::uint32_t value(const FormatState& formats, std::uint32_t key) const {
    const auto found = std::ranges::find(formats, key, &Format::key);
    return found == formats.end() ? null_ : found->value;
  }
  static void put(FormatState& formats, std::uint32_t key, std::uint32_t value) {
    const auto found = std::ranges::find(formats, key, &Format::key);
    if (found == formats.end())
      formats.push_back({key, value});
    else
      found->value = value;
  }
  static void erase(FormatState& formats, std::uint32_t key) {
    std::erase_if(formats, [key](const Format& format) { return format.key == key; });
  }

  const EventState& event_;
  Engine& engine_;
  const std::uint32_t null_;
  FormatState current_;     // in force here, now
  FormatState old_;         // and before the transaction
  FormatState attributes_;  // what a retained run gets (or loses: null)
  Action action_ = Action::kNone;
  std::string run_;
  std::uint64_t length_ = 0;
  std::vector<DeltaOp> delta_;
  std::vector<ItemRef> redundant_;
};

const std::vector<DeltaOp>& EventState::text_delta() {
  if (text_delta_) return *text_delta_;
  if (!engine_.store.is_text(changed_.type)) return text_delta_.emplace();
  TextEventDelta walk(*this);
  text_delta_ = walk.run();
  engine_.erase_redundant(walk.redundant());
  return *text_delta_;
}

/// As Yjs does where it finds them: a following transaction deletes what is still there.
void Engine::erase_redundant(const std::vector<ItemRef>& formats) {
  if (!options_.clean_formats || formats.empty()) return;
  const bool outermost = !active_;
  if (outermost) begin(true);
  for (const ItemRef item : formats) erase_item(item);
  if (outermost) enqueue();
}

}  // namespace concord::crdt
