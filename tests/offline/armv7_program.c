/*===- armv7_program.c - Calls one kernel, without a C library ------------===*\
|*                                                                            *|
|* Part of the Lacuna project, under the Apache License v2.0 with LLVM        *|
|* Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception        *|
|*                                                                            *|
|* Armv7Test.cpp writes what it includes: the operands, and the call.         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "lacuna/Kernel/KernelAbi.h"

#include "kernel.h"

#include "operands.inc"

static long call(long number, long a, long b, long c) {
  register long r7 __asm__("r7") = number;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
  return r0;
}

enum { kExit = 1, kWrite = 4 };

/** Reads (3) or writes (4) all of it. */
static void transfer(long number, long file, void *bytes, long count) {
  char *at = bytes;
  while (count > 0) {
    long done = call(number, file, (long)at, count);
    if (done <= 0)
      call(kExit, 1, 0, 0);
    at += done;
    count -= done;
  }
}

/* What compilers expect of libgcc. */

uint64_t lacuna_divide(uint64_t value, uint64_t divisor, uint64_t *remainder) {
  uint64_t quotient = 0, rest = 0;
  for (int bit = 63; bit >= 0; --bit) {
    rest = rest << 1 | (value >> bit & 1);
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= (uint64_t)1 << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

/** Quotient in r0 and r1, remainder in r2 and r3. */
__attribute__((naked)) void __aeabi_uldivmod(void) {
  __asm__("push {r6, lr}\n"
          "sub sp, sp, #16\n"
          "add r6, sp, #8\n"
          "str r6, [sp]\n"
          "bl lacuna_divide\n"
          "ldr r2, [sp, #8]\n"
          "ldr r3, [sp, #12]\n"
          "add sp, sp, #16\n"
          "pop {r6, pc}\n");
}

static lacuna_kernel_operands operands;

static __attribute__((used)) void run(void) {
#include "call.inc"
  transfer(kWrite, 1, operand_result, sizeof operand_result);
  call(kExit, 0, 0, 0);
}

/** The stack is aligned to eight bytes when a program starts. */
__attribute__((naked)) void _start(void) { __asm__("bl run\n"); }
