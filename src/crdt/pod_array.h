#pragma once
// PodArray: a growing array of trivially copyable records. It grows by realloc, which for large blocks moves pages
// instead of bytes, and by a quarter once it is large, so that a loaded document carries little slack.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace concord::crdt {

template <class T>
class PodArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  PodArray() = default;
  PodArray(const PodArray&) = delete;
  PodArray& operator=(const PodArray&) = delete;
  PodArray(PodArray&& other) noexcept { swap(other); }
  PodArray& operator=(PodArray&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PodArray() { std::free(data_); }

  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::size_t heap_bytes() const { return capacity_ * sizeof(T); }

  void push_back(const T& value) {
    const T copy = value;  // `value` may live in this array
    if (size_ == capacity_) [[unlikely]]
      grow(size_ + 1);
    data_[size_++] = copy;
  }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }
  /// New elements are zero bytes.
  void resize(std::size_t size) {
    if (size > capacity_) grow(size);
    if (size > size_) std::memset(static_cast<void*>(data_ + size_), 0, (size - size_) * sizeof(T));
    size_ = size;
  }
  /// Room for `count` more, uninitialised; returns where they begin.
  T* extend(std::size_t count) {
    if (size_ + count > capacity_) [[unlikely]]
      grow(size_ + count);
    T* at = data_ + size_;
    size_ += count;
    return at;
  }
  void insert(std::size_t at, const T& value) {
    const T copy = value;
    if (size_ == capacity_) grow(size_ + 1);
    std::memmove(static_cast<void*>(data_ + at + 1), data_ + at, (size_ - at) * sizeof(T));
    data_[at] = copy;
    ++size_;
  }
  void erase(std::size_t at, std::size_t count = 1) {
    std::memmove(static_cast<void*>(data_ + at), data_ + at + count, (size_ - at - count) * sizeof(T));
    size_ -= count;
  }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) set_capacity(capacity);
  }
  /// For so many more; and not so that one call after the other moves everything each time.
  void reserve_more(std::size_t count) {
    if (size_ + count > capacity_) grow(size_ + count);
  }
  void shrink_to_fit() {
    if (size_ < capacity_) set_capacity(size_);
  }
  void swap(PodArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void grow(std::size_t needed) {
    std::size_t capacity = capacity_ + (capacity_ * sizeof(T) < 16384 ? capacity_ : capacity_ / 4);
    if (capacity < needed) capacity = needed;
    if (capacity < 4) capacity = 4;
    set_capacity(capacity);
  }
  void set_capacity(std::size_t capacity) {
    if (capacity == 0) {
      std::free(data_);
      data_ = nullptr;
    } else {
      void* moved = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
      if (moved == nullptr) throw std::bad_alloc();
      data_ = static_cast<T*>(moved);
    }
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace concord::crdt
