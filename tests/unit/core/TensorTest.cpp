//===- TensorTest.cpp - Activations with the batch innermost --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

using namespace lacuna;

namespace {

TEST(Tensor, BlockedRoundTrip) {
  for (int64_t lanes : {4, 8, 16})
    for (int64_t images : {1, 7, 16, 33}) {
      TensorShape shape{images, 3, 5, 7, lanes};
      std::vector<float> plain(size_t(images * 3 * 5 * 7));
      std::iota(plain.begin(), plain.end(), 1.0f);
      Tensor tensor(shape);
      std::fill_n(tensor.data(), shape.floats(), -1.0f);
      toBlocked(plain.data(), tensor);

      for (int64_t image = 0; image < shape.blocks() * lanes; ++image)
        for (int64_t element = 0; element < 3 * 5 * 7; ++element) {
          float stored = tensor.data()[image / lanes * shape.block() +
                                       element * lanes + image % lanes];
          float expected =
              image < images ? plain[size_t(image * 3 * 5 * 7 + element)] : 0;
          ASSERT_EQ(stored, expected) << "image " << image;
        }

      std::vector<float> back(plain.size());
      fromBlocked(tensor, back.data());
      EXPECT_EQ(back, plain);
    }
}

TEST(Tensor, ReshapeKeepsStorageWhenItFits) {
  Tensor tensor(TensorShape{64, 4, 8, 8, 16});
  const float *storage = tensor.data();
  tensor.reshape({20, 4, 8, 8, 16});
  EXPECT_EQ(tensor.data(), storage);
  EXPECT_EQ(tensor.shape().blocks(), 2);
  tensor.release();
  EXPECT_EQ(tensor.data(), nullptr);
}

} // namespace
