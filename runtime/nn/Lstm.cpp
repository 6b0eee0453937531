//===- Lstm.cpp - Long short-term memory ----------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Lstm.h"

#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

#include <algorithm>

namespace lacuna {

namespace {

/// The weights of a cell hold four gates.
constexpr int64_t kMaxHidden = int64_t(1) << 18;
constexpr int64_t kMaxCells = 1024;

} // namespace

/// Tensors of a cell are [steps][blocks][features][lanes]: to kernels, steps
/// are more blocks. So products with all inputs, and the sums of weight
/// gradients over all steps, are one call each.
struct Lstm::Cell {
  Cell(std::unique_ptr<SparseLayer> input,
       std::unique_ptr<SparseLayer> recurrent)
      : input(std::move(input)), recurrent(std::move(recurrent)) {}

  std::unique_ptr<SparseLayer> input, recurrent;
  const Tensor *latestInput = nullptr;
  Tensor gates;
  /// Before each step, and the states after the last.
  Tensor states;
  /// Outputs before each step, and after each.
  Tensor outputsBefore, outputs;
};

Lstm::Lstm(std::string name, const Options &options)
    : Layer(std::move(name)), image(options.input), hidden(options.hidden) {
  if (options.hidden < 1 || options.hidden > kMaxHidden || options.cells < 1 ||
      options.cells > kMaxCells)
    throw UserError(this->name() + ": needs 1 to " + std::to_string(kMaxCells) +
                    " cells of 1 to " + std::to_string(kMaxHidden) +
                    " hidden units");
  int64_t features = image.channels * image.width;
  for (int64_t number = 1; number <= options.cells; ++number) {
    auto linear = [&](const char *part, int64_t inputs, bool bias) {
      Geometry geometry = Geometry::linear(inputs, 4 * hidden);
      SparseLayer::Options layerOptions;
      layerOptions.bias = bias;
      layerOptions.maskable = options.maskable;
      layerOptions.ofCell = true;
      layerOptions.initialisation = Initialisation::Lstm;
      return std::make_unique<SparseLayer>(
          this->name() + ".cell" + std::to_string(number) + "." + part,
          geometry,
          options.maskable ? structureFor(options.scheme, geometry)
                           : Structure::dense(),
          layerOptions);
    };
    cells.push_back(std::make_unique<Cell>(linear("input", features, true),
                                           linear("recurrent", hidden, false)));
    features = hidden;
  }
}

Lstm::~Lstm() = default;

void Lstm::toRows(ThreadPool &pool, const Tensor &input) {
  const TensorShape &shape = input.shape();
  if (shape.channels != image.channels || shape.height != image.height ||
      shape.width != image.width)
    throw UserError(
        name() + ": got images of " + std::to_string(shape.channels) + "x" +
        std::to_string(shape.height) + "x" + std::to_string(shape.width) +
        ", was built for " + std::to_string(image.channels) + "x" +
        std::to_string(image.height) + "x" + std::to_string(image.width));
  inputShape = shape;
  blocks = shape.blocks();
  lanes = shape.lanes;
  int64_t rowFloats = image.width * lanes;
  rows.reshape({image.height * blocks * lanes, image.channels * image.width, 1,
                1, lanes});
  float *to = rows.data();
  pool.run(image.height, [&](int, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t block = 0; block < blocks; ++block)
        for (int64_t channel = 0; channel < image.channels; ++channel)
          std::copy_n(input.data() + block * shape.block() +
                          channel * shape.plane() + row * rowFloats,
                      rowFloats,
                      to + ((row * blocks + block) * image.channels + channel) *
                               rowFloats);
  });
}

void Lstm::fromRows(ThreadPool &pool, const Tensor &from, Tensor &input) const {
  const TensorShape &shape = input.shape();
  int64_t rowFloats = image.width * lanes;
  pool.run(image.height, [&](int, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t block = 0; block < blocks; ++block)
        for (int64_t channel = 0; channel < image.channels; ++channel)
          std::copy_n(from.data() +
                          ((row * blocks + block) * image.channels + channel) *
                              rowFloats,
                      rowFloats,
                      input.data() + block * shape.block() +
                          channel * shape.plane() + row * rowFloats);
  });
}

const Tensor &Lstm::forwardCell(RunContext &context, Cell &cell,
                                const Tensor &input) {
  operators::LstmShape shape{blocks, hidden, lanes};
  int64_t steps = image.height, places = blocks * lanes;
  int64_t unitFloats = blocks * shape.unitFloats();
  int64_t gateFloats = blocks * shape.gateFloats();
  cell.latestInput = &input;
  cell.gates.reshape({steps * places, 4 * hidden, 1, 1, lanes});
  cell.states.reshape({(steps + 1) * places, hidden, 1, 1, lanes});
  cell.outputsBefore.reshape({steps * places, hidden, 1, 1, lanes});
  cell.outputs.reshape({steps * places, hidden, 1, 1, lanes});
  recurrentPart.reshape({places, 4 * hidden, 1, 1, lanes});
  std::fill_n(cell.states.data(), unitFloats, 0.0f);
  std::fill_n(cell.outputsBefore.data(), unitFloats, 0.0f);

  cell.input->multiply(context, input.data(), steps * blocks,
                       cell.gates.data());
  for (int64_t step = 0; step < steps; ++step) {
    int64_t at = step * unitFloats;
    float *output = cell.outputs.data() + at;
    cell.recurrent->multiply(context, cell.outputsBefore.data() + at, blocks,
                             recurrentPart.data());
    operators::lstmStep(context.pool, shape, recurrentPart.data(),
                        cell.states.data() + at,
                        cell.gates.data() + step * gateFloats,
                        cell.states.data() + at + unitFloats, output);
    if (step + 1 < steps)
      std::copy_n(output, unitFloats,
                  cell.outputsBefore.data() + at + unitFloats);
  }
  return cell.outputs;
}

const Tensor &Lstm::forward(RunContext &context, const Tensor &input) {
  toRows(context.pool, input);
  const Tensor *current = &rows;
  for (const std::unique_ptr<Cell> &cell : cells)
    current = &forwardCell(context, *cell, *current);
  result.reshape({inputShape.images, hidden, 1, 1, lanes});
  std::copy_n(current->data() + current->shape().floats() -
                  result.shape().floats(),
              result.shape().floats(), result.data());
  return result;
}

/// `gradient`: of the outputs of each step or, where that is all there is, of
/// the last one.
void Lstm::backwardCell(RunContext &context, Cell &cell, const Tensor &gradient,
                        Tensor &argumentGradient) {
  operators::LstmShape shape{blocks, hidden, lanes};
  int64_t steps = image.height;
  int64_t unitFloats = blocks * shape.unitFloats();
  int64_t gateFloats = blocks * shape.gateFloats();
  int64_t stepsGiven = gradient.shape().floats() / unitFloats;
  TensorShape unitShape{blocks * lanes, hidden, 1, 1, lanes};
  GradientPool::Lease ofOutput = context.gradients.acquire(unitShape);
  GradientPool::Lease ofState = context.gradients.acquire(unitShape);
  std::fill_n(ofOutput->data(), unitFloats, 0.0f);
  std::fill_n(ofState->data(), unitFloats, 0.0f);

  for (int64_t step = steps - 1; step >= 0; --step) {
    int64_t given = step - (steps - stepsGiven);
    if (given >= 0) {
      const float *from = gradient.data() + given * unitFloats;
      for (int64_t i = 0; i < unitFloats; ++i)
        ofOutput->data()[i] += from[i];
    }
    float *ofArguments = argumentGradient.data() + step * gateFloats;
    operators::lstmStepBackward(context.pool, shape,
                                cell.gates.data() + step * gateFloats,
                                cell.states.data() + step * unitFloats,
                                cell.states.data() + (step + 1) * unitFloats,
                                ofOutput->data(), ofState->data(), ofArguments);
    if (step > 0)
      cell.recurrent->multiplyTransposed(context, ofArguments, blocks,
                                         ofOutput->data());
  }
  cell.recurrent->sumGradients(context, cell.outputsBefore, argumentGradient);
  cell.input->sumGradients(context, *cell.latestInput, argumentGradient);
}

GradientPool::Lease Lstm::backward(RunContext &context,
                                   GradientPool::Lease gradient) {
  verifyInvariant(gradient->shape() == result.shape(),
                  "a gradient does not have the shape of the layer's output");
  // Each step adds up what the next one has left, in every lane.
  clearPadding(*gradient);
  for (size_t number = cells.size(); number-- > 0;) {
    Cell &cell = *cells[number];
    GradientPool::Lease ofArguments =
        context.gradients.acquire(cell.gates.shape());
    backwardCell(context, cell, *gradient, *ofArguments);
    if (number == 0 && !inputGradientWanted)
      return {};
    gradient = context.gradients.acquire(cell.latestInput->shape());
    cell.input->multiplyTransposed(context, ofArguments->data(),
                                   image.height * blocks, gradient->data());
  }
  GradientPool::Lease ofInput = context.gradients.acquire(inputShape);
  fromRows(context.pool, *gradient, *ofInput);
  return ofInput;
}

void Lstm::skipInputGradient() {
  inputGradientWanted = false;
  cells.front()->input->skipInputGradient();
}

void Lstm::forEachLeaf(const std::function<void(Layer &)> &visit) {
  for (const std::unique_ptr<Cell> &cell : cells) {
    visit(*cell->input);
    visit(*cell->recurrent);
  }
  visit(*this);
}

void Lstm::forEachParameter(const std::function<void(Parameter &)> &visit) {
  for (const std::unique_ptr<Cell> &cell : cells) {
    cell->input->forEachParameter(visit);
    cell->recurrent->forEachParameter(visit);
  }
}

} // namespace lacuna
