/*===- main.c - A frozen network in plain C -------------------------------===*\
|*
|* Part of the Lacuna project, under the Apache License v2.0 with LLVM
|* Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* Classifies the images of an IDX file (the format of MNIST) and compares with
|* the labels of another. Links neither Lacuna's runtime nor a C++ library.
|*
\*===----------------------------------------------------------------------===*/

#include "digits.h"

#include <stdint.h>
#include <stdio.h>

enum { kImageHeader = 16, kLabelHeader = 8, kPixels = 28 * 28 };
enum { kSuccess = 0, kUserError = 1, kUsageError = 2 };

static float scratch[DIGITS_SCRATCH_BYTES / sizeof(float)];

static void normalise(const uint8_t *pixels, float *image) {
  static const float mean[] = DIGITS_MEAN, deviation[] = DIGITS_DEVIATION;
  for (int i = 0; i < kPixels; ++i)
    image[i] = (pixels[i] / 255.0f - mean[0]) / deviation[0];
}

static int largest(const float *logits) {
  int best = 0;
  for (int i = 1; i < DIGITS_CLASSES; ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

static FILE *openAt(const char *path, long offset) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, offset, SEEK_SET) != 0) {
    fprintf(stderr, "inference: error: %s: cannot be read\n", path);
    return NULL;
  }
  return file;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "Usage: inference IMAGES LABELS\n");
    return kUsageError;
  }
  if (DIGITS_BATCH != 1 || DIGITS_INPUT_FLOATS != kPixels) {
    fprintf(stderr, "inference: error: the checkpoint is not of a network for "
                    "single images of 28 x 28\n");
    return kUserError;
  }
  FILE *images = openAt(argv[1], kImageHeader);
  FILE *labels = openAt(argv[2], kLabelHeader);
  if (!images || !labels)
    return kUserError;

  uint8_t pixels[kPixels];
  float image[kPixels], logits[DIGITS_CLASSES];
  int count = 0, correct = 0, label;
  while (fread(pixels, 1, kPixels, images) == kPixels &&
         (label = fgetc(labels)) != EOF) {
    normalise(pixels, image);
    if (digits_run(image, logits, scratch) != 0)
      return kUserError;
    correct += largest(logits) == label;
    ++count;
  }
  fclose(images);
  fclose(labels);
  printf("%d of %d images right\n", correct, count);
  return kSuccess;
}
