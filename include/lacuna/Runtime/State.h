//===- State.h - What a run needs to go on bit for bit ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that changes while training, and cannot be computed anew from the
// options, is visited by one function for both ways: `visitState(StateVisitor
// &)` of parameters, layers, methods and the trainer. A checkpoint
// (Checkpoint.h) is a file that such a visit wrote. Whoever adds state adds it
// to the visitState() of its owner, and nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_STATE_H
#define LACUNA_RUNTIME_STATE_H

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lacuna {

/// Element types of arrays, named as safetensors names them.
enum class StateType { U8, U32, I32, U64, I64, F32, F64 };
std::string_view stateTypeName(StateType type);
int64_t stateTypeBytes(StateType type);

/// Visits state under names that are unique within a run: of the part, then of
/// the field, joined by dots ("conv1.weight.momentum"). Saving reads what is
/// visited, loading overwrites it; both must visit the same names. Loading
/// throws UserError naming file and field when something is missing, of another
/// type or length, or not what expect() says.
class StateVisitor {
public:
  virtual ~StateVisitor() = default;

  virtual bool loading() const = 0;

  /// Prefixes the names visited during its life.
  class Scope {
  public:
    Scope(StateVisitor &state, const std::string &part);
    ~Scope() { state.prefix.resize(outer); }
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    StateVisitor &state;
    size_t outer;
  };

  /// An array whose length both sides know. Saving does not copy it: the
  /// elements must stay where they are, unchanged, until the save is done.
  template <typename T>
  void array(const std::string &name, T *elements, int64_t count) {
    visitArray(prefix + name, typeOf<T>(), elements, count);
  }

  /// A list whose length is part of the state; loading accepts at most
  /// `maximum` elements, and leaves their values for the caller to check. As
  /// array() for the rest.
  template <typename T>
  void list(const std::string &name, std::vector<T> &elements,
            int64_t maximum) {
    if (loading())
      elements.resize(static_cast<size_t>(
          storedCount(prefix + name, typeOf<T>(), maximum)));
    visitArray(prefix + name, typeOf<T>(), elements.data(),
               static_cast<int64_t>(elements.size()));
  }

  /// A single number; doubles and floats keep their bits.
  template <typename T> void scalar(const std::string &name, T &value) {
    static_assert(std::is_arithmetic_v<T>);
    if constexpr (std::is_same_v<T, bool>) {
      int64_t number = value ? 1 : 0;
      visitInteger(name, number, 0, 1);
      value = number != 0;
    } else if constexpr (std::is_floating_point_v<T>) {
      double number = value;
      visitReal(name, number);
      value = static_cast<T>(number);
    } else if constexpr (std::is_same_v<T, uint64_t>) {
      visitUnsigned(name, value);
    } else {
      int64_t number = static_cast<int64_t>(value);
      visitInteger(name, number, std::numeric_limits<T>::min(),
                   std::numeric_limits<T>::max());
      value = static_cast<T>(number);
    }
  }

  void text(const std::string &name, std::string &value) {
    visitText(prefix + name, value);
  }

  static constexpr const char *kSameOptions =
      "resume with the options that the run was started with";
  /// What a run can only go on with: loading refuses another value, and says
  /// what to do about it.
  void expect(const std::string &name, const std::string &value,
              const char *remedy = kSameOptions) {
    visitExpected(prefix + name, value, remedy);
  }
  void expect(const std::string &name, const char *value,
              const char *remedy = kSameOptions) {
    visitExpected(prefix + name, value, remedy);
  }
  template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
  void expect(const std::string &name, T value,
              const char *remedy = kSameOptions) {
    if constexpr (std::is_floating_point_v<T>)
      visitExpected(prefix + name, formatReal(value), remedy);
    else
      visitExpected(prefix + name, std::to_string(value), remedy);
  }

  /// Throws UserError that names the field, for values that only their owner
  /// can judge.
  [[noreturn]] void refuse(const std::string &name,
                           const std::string &message) const {
    fail(prefix + name, message);
    // g++ 12 does not see that a virtual function does not return.
    __builtin_unreachable();
  }

protected:
  /// Names are whole here.
  virtual void visitArray(const std::string &name, StateType type,
                          void *elements, int64_t count) = 0;
  /// Of a list that is being loaded.
  virtual int64_t storedCount(const std::string &name, StateType type,
                              int64_t maximum) = 0;
  virtual void visitText(const std::string &name, std::string &value) = 0;
  virtual void visitExpected(const std::string &name, const std::string &value,
                             const char *remedy) = 0;
  [[noreturn]] virtual void fail(const std::string &name,
                                 const std::string &message) const = 0;

  /// The shortest decimal that reads back as the same number.
  static std::string formatReal(double value);

private:
  void visitInteger(const std::string &name, int64_t &value, int64_t least,
                    int64_t greatest);
  void visitUnsigned(const std::string &name, uint64_t &value);
  void visitReal(const std::string &name, double &value);
  template <typename T>
  void visitNumber(const std::string &name, T &value, const char *kind);

  template <typename T> static constexpr StateType typeOf() {
    if constexpr (std::is_same_v<T, uint8_t>)
      return StateType::U8;
    else if constexpr (std::is_same_v<T, uint32_t>)
      return StateType::U32;
    else if constexpr (std::is_same_v<T, int32_t>)
      return StateType::I32;
    else if constexpr (std::is_same_v<T, uint64_t>)
      return StateType::U64;
    else if constexpr (std::is_same_v<T, int64_t>)
      return StateType::I64;
    else if constexpr (std::is_same_v<T, float>)
      return StateType::F32;
    else {
      static_assert(std::is_same_v<T, double>, "no state type for this one");
      return StateType::F64;
    }
  }

  std::string prefix;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_STATE_H
