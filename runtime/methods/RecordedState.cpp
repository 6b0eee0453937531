//===- RecordedState.cpp - A moment of training to go back to -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordedState.h"

#include "lacuna/Support/Error.h"

#include <cstring>
#include <limits>

namespace lacuna {

namespace {

/// Appends what is visited to a vector of bytes.
class Recorder : public StateVisitor {
public:
  explicit Recorder(std::vector<uint8_t> &bytes) : bytes(bytes) {}
  bool loading() const override { return false; }

protected:
  void visitArray(const std::string & /*name*/, StateType type, void *elements,
                  int64_t count) override {
    append(&count, sizeof count);
    append(elements, size_t(count * stateTypeBytes(type)));
  }
  int64_t storedCount(const std::string & /*name*/, StateType /*type*/,
                      int64_t /*maximum*/) override {
    throw InternalError("a record is asked for counts while it is written");
  }
  void visitText(const std::string & /*name*/, std::string &value) override {
    int64_t count = static_cast<int64_t>(value.size());
    append(&count, sizeof count);
    append(value.data(), value.size());
  }
  void visitExpected(const std::string & /*name*/,
                     const std::string & /*value*/,
                     const char * /*remedy*/) override {}
  void fail(const std::string &name,
            const std::string &message) const override {
    throw InternalError(name + ": " + message);
  }

private:
  void append(const void *data, size_t count) {
    const uint8_t *first = static_cast<const uint8_t *>(data);
    bytes.insert(bytes.end(), first, first + count);
  }
  std::vector<uint8_t> &bytes;
};

/// Takes it back in the same order.
class Player : public StateVisitor {
public:
  explicit Player(const std::vector<uint8_t> &bytes) : bytes(bytes) {}
  bool loading() const override { return true; }
  bool isDone() const { return at == bytes.size(); }

protected:
  void visitArray(const std::string &name, StateType type, void *elements,
                  int64_t count) override {
    if (nextCount() != count)
      fail(name, "was recorded with another length");
    at += sizeof(int64_t);
    take(name, elements, size_t(count * stateTypeBytes(type)));
  }
  int64_t storedCount(const std::string &name, StateType /*type*/,
                      int64_t maximum) override {
    int64_t count = nextCount();
    if (count < 0 || count > maximum)
      fail(name, "was recorded with an impossible length");
    return count;
  }
  void visitText(const std::string &name, std::string &value) override {
    value.resize(static_cast<size_t>(
        storedCount(name, StateType::U8, static_cast<int64_t>(bytes.size()))));
    at += sizeof(int64_t);
    take(name, value.data(), value.size());
  }
  void visitExpected(const std::string & /*name*/,
                     const std::string & /*value*/,
                     const char * /*remedy*/) override {}
  void fail(const std::string &name,
            const std::string &message) const override {
    throw UserError("the state to rewind to: " + name + ": " + message);
  }

private:
  int64_t nextCount() const {
    int64_t count = -1;
    if (bytes.size() - at >= sizeof count)
      std::memcpy(&count, bytes.data() + at, sizeof count);
    return count;
  }
  void take(const std::string &name, void *destination, size_t count) {
    if (bytes.size() - at < count)
      fail(name, "is cut short");
    if (count > 0)
      std::memcpy(destination, bytes.data() + at, count);
    at += count;
  }

  const std::vector<uint8_t> &bytes;
  size_t at = 0;
};

} // namespace

void RecordedState::record(Network &network) {
  bytes.clear();
  Recorder recorder(bytes);
  network.visitState(recorder);
  memory.set(static_cast<int64_t>(bytes.capacity()));
}

void RecordedState::restore(Network &network) const {
  verifyInvariant(!empty(), "nothing was recorded to rewind to");
  Player player(bytes);
  network.visitState(player);
  verifyInvariant(player.isDone(), "more was recorded than the network holds");
}

void RecordedState::visitState(StateVisitor &state, const std::string &name) {
  state.list(name, bytes, std::numeric_limits<int64_t>::max());
  memory.set(static_cast<int64_t>(bytes.capacity()));
}

} // namespace lacuna
