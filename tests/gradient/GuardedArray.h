//===- GuardedArray.h - Memory between pages that fault ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_GRADIENT_GUARDEDARRAY_H
#define LACUNA_TESTS_GRADIENT_GUARDEDARRAY_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace lacuna::testing {

/// The side of an array at which no byte can be touched beyond it.
enum class Flush { Begin, End };

/// An operand of a kernel. Generated code carries no red zones of its own: what
/// it touches beyond the flush side faults, and what it writes beyond the other
/// shows afterwards. Prefetches do not fault.
template <typename T> class GuardedArray {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  GuardedArray(int64_t count, T fill, Flush flush) : count(size_t(count)) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_t bytes = size_t(count) * sizeof(T);
    size_t room = std::max<size_t>(1, (bytes + page - 1) / page) * page;
    mappedBytes = room + 2 * page;
    mapped = static_cast<uint8_t *>(mmap(nullptr, mappedBytes, PROT_NONE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (mapped == MAP_FAILED ||
        mprotect(mapped + page, room, PROT_READ | PROT_WRITE) != 0)
      throw std::bad_alloc();
    uint8_t *first = mapped + page, *last = first + room;
    uint8_t *begin = flush == Flush::Begin ? first : last - bytes;
    slack = flush == Flush::Begin ? begin + bytes : first;
    slackBytes = room - bytes;
    std::fill_n(slack, slackBytes, kSlack);
    elements = reinterpret_cast<T *>(begin);
    std::fill_n(elements, count, fill);
  }
  GuardedArray(const T *content, int64_t count, Flush flush)
      : GuardedArray(count, T(), flush) {
    std::copy_n(content, count, elements);
  }
  GuardedArray(const std::vector<T> &content, Flush flush)
      : GuardedArray(content.data(), static_cast<int64_t>(content.size()),
                     flush) {}
  GuardedArray(GuardedArray &&other) noexcept
      : mapped(other.mapped), mappedBytes(other.mappedBytes),
        slack(other.slack), slackBytes(other.slackBytes),
        elements(other.elements), count(other.count) {
    other.mapped = nullptr;
  }
  GuardedArray &operator=(GuardedArray &&) = delete;
  ~GuardedArray() {
    if (mapped)
      munmap(mapped, mappedBytes);
  }

  T *data() { return elements; }
  const T *data() const { return elements; }
  int64_t size() const { return static_cast<int64_t>(count); }
  T &operator[](int64_t i) { return elements[i]; }
  const T &operator[](int64_t i) const { return elements[i]; }

  /// Whether nothing was written beside the array.
  bool intact() const {
    return std::all_of(slack, slack + slackBytes,
                       [](uint8_t byte) { return byte == kSlack; });
  }

private:
  static constexpr uint8_t kSlack = 0xa5;

  uint8_t *mapped;
  size_t mappedBytes;
  uint8_t *slack;
  size_t slackBytes;
  T *elements;
  size_t count;
};

} // namespace lacuna::testing

#endif // LACUNA_TESTS_GRADIENT_GUARDEDARRAY_H
