#pragma once
// What OpenSSL gives out, freed as it wants it.

#include <memory>

namespace concord::link {

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Freed = std::unique_ptr<T, FreedBy<Free>>;

}  // namespace concord::link
