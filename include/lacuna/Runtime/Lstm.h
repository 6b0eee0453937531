//===- Lstm.h - Long short-term memory --------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_LSTM_H
#define LACUNA_RUNTIME_LSTM_H

#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/SparseLayer.h"

#include <memory>
#include <string>
#include <vector>

namespace lacuna {

/// Reads images row by row, a row a step, through cells stacked on each other;
/// the output is what the last cell says after the last row:
/// [images][hidden][1][1]. The state starts at zero for each batch.
///
/// The weights of the four gates of a cell are stacked, input, forget,
/// candidate and output gate, in two linear layers: NAME.cellK.input, [4 *
/// hidden][inputs] with one bias a gate, and NAME.cellK.recurrent, [4 *
/// hidden][hidden].
class Lstm : public Layer {
public:
  struct Options {
    ImageShape input;     ///< A row has channels * width features.
    int64_t hidden = 128; ///< At most 2^18.
    int64_t cells = 1;    ///< At most 1024.
    bool maskable = true;
    Scheme scheme = Scheme::Dense;
  };

  Lstm(std::string name, const Options &options);
  ~Lstm() override;

  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return result; }
  void skipInputGradient() override;
  void forEachLeaf(const std::function<void(Layer &)> &visit) override;
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;

private:
  struct Cell;

  void toRows(ThreadPool &pool, const Tensor &input);
  void fromRows(ThreadPool &pool, const Tensor &rows, Tensor &input) const;
  const Tensor &forwardCell(RunContext &context, Cell &cell,
                            const Tensor &input);
  void backwardCell(RunContext &context, Cell &cell, const Tensor &gradient,
                    Tensor &argumentGradient);

  ImageShape image;
  int64_t hidden;
  std::vector<std::unique_ptr<Cell>> cells;
  /// Of the latest input: batch blocks and lanes.
  int64_t blocks = 0, lanes = 0;
  Tensor rows, recurrentPart, result;
  TensorShape inputShape;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_LSTM_H
