#pragma once
// How the handles call the engine: each change first asks whether it may happen, then is the engine's. Nothing else
// includes this.

// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define CONCORD_CRDT_CHANGE(call)                                                               \
  if (engine_ == nullptr) return fail(Code::kInvalidArgument, "the handle stands for nothing"); \
  TRY_VOID(engine_->writable(*this));                                                           \
  return engine_->call

/// For a change that makes a nested type: gives its handle.
#define CONCORD_CRDT_NESTED(Handle, call)                                                       \
  if (engine_ == nullptr) return fail(Code::kInvalidArgument, "the handle stands for nothing"); \
  TRY_VOID(engine_->writable(*this));                                                           \
  TRY(const TypeRef type, engine_->call);                                                       \
  return engine_->handle<Handle>(type)
// NOLINTEND(cppcoreguidelines-macro-usage)
