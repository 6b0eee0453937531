//===- Npy.h - NumPy array files --------------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Little-endian float32 arrays in C order, .npy format 1.0 and 2.0. Anything
// else is refused rather than converted.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_NPY_H
#define LACUNA_SUPPORT_NPY_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<float> data;
};

/// The shape as NumPy prints it: "(2, 3)".
std::string formatShape(const std::vector<int64_t> &shape);

/// Reads an untrusted file. Throws UserError naming the file and the field.
NpyArray readNpy(const std::string &path);

/// The same from memory, with `where` in place of the file's name.
NpyArray parseNpy(std::string_view bytes, const std::string &where);
/// The bytes of a file.
std::string formatNpy(const NpyArray &array);

/// Writes the file whole or, on failure, not at all: an existing file is then
/// untouched. Throws EnvironmentError.
void writeNpy(const std::string &path, const NpyArray &array);

} // namespace lacuna

#endif // LACUNA_SUPPORT_NPY_H
