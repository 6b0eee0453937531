//===- Interruption.cpp - Signals that ask to stop ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interruption.h"

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace lacuna {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

volatile std::sig_atomic_t arrived = 0;

void handle(void (*handler)(int));

void note(int signal) {
  arrived = signal;
  constexpr char kMessage[] =
      "\nlacuna: saving after this step; once more ends it at once\n";
  int reason = errno;
  (void)!write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  errno = reason;
  handle(SIG_DFL);
}

void handle(void (*handler)(int)) {
  for (int signal : kSignals) {
    struct sigaction action{};
    if (sigaction(signal, nullptr, &action) != 0 ||
        action.sa_handler == SIG_IGN)
      continue;
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

} // namespace

Interruption::Interruption() {
  arrived = 0;
  handle(note);
}

Interruption::~Interruption() { handle(SIG_DFL); }

int Interruption::signal() { return arrived; }

} // namespace lacuna
