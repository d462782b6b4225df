#pragma once
// Operations: reads the operations of a peer off the wire and performs them on a document. Layout of one operation, in
// lib0's primitive forms:
//
//   varuint kind, target, fields as the kind has them
//   target: varuint kind of the root (0 text, 1 map, 2 array, 3 XML fragment, 4 XML element), var_string its name,
//           varuint steps, each: varuint 0 and varuint index, or varuint 1 and var_string key
//
//   text   0 insert: varuint index, var_string | 1 insert with formats: the same, any | 2 embed: varuint index, any
//          embed, any formats | 3 delete: varuint index, varuint length | 4 format: varuint index, varuint length, any
//          | 5 delta: varuint 0, any
//   array  0 insert: varuint index, any array | 1 push: varuint 0, any array | 2 delete: varuint index, varuint length
//          | 3, 4, 5 insert a text, map, array: varuint index
//   map    each with var_string key; 0 set: any | 1 delete | 2, 3, 4 set a text, map, array
//   more   100, 102, 103, 104 a new type into an array, a text (then any formats), a fragment, a fragment behind child
//          index - 1: varuint index, varuint kind of type, var_string its name | 101 into a map: var_string key, kind,
//          name | 105 delete children: varuint index, varuint length | 106 set an attribute: var_string name, any | 107
//          remove it: var_string name | 108, 109 a subdocument into an array, a map: index or key, var_string guid, any
//          options | 110, 111 load the subdocument in an array, a map: index or key

#include <string>

#include "base/result.h"
#include "crdt/doc.h"
#include "crdt/wire.h"

namespace concord::crdt {

class Operations {
 public:
  Operations(Doc& doc, WireReader& in) : doc_(doc), in_(in) {}

  /// One operation, inside a transaction. What it says of the failure names the operation.
  Result<> perform();
  Result<Value> target();

 private:
  Result<std::uint64_t> uint();
  Result<std::size_t> size();
  Result<std::string> text();
  Result<Any> any();
  Result<AnyArray> values();
  Result<Attributes> attributes();
  Result<Value> follow(Value at);
  Result<> on_text(std::uint64_t kind, Text& at);
  Result<> on_array(std::uint64_t kind, Array& at);
  Result<> on_map(std::uint64_t kind, Map& at);

  // more_operations.cpp
  static std::optional<Value> child(const Value& at, std::size_t index);
  Result<> more(std::uint64_t kind, Value& at);
  Result<> insert_type(std::uint64_t kind, Value& at);

  Doc& doc_;
  WireReader& in_;
};

}  // namespace concord::crdt
