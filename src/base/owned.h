#pragma once
// What a C library allocates, freed by the function that it names for it.

#include <memory>

namespace concord {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

}  // namespace concord
