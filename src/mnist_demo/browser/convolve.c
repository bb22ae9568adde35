// The network's convolution for WebAssembly with SIMD; README.md says how it is built.
//
// Arrays hold rows of pixels, each with its channels side by side: TensorFlow's NHWC. The input has its
// padding around it already.

typedef float v4 __attribute__((vector_size(16), aligned(4)));

static inline v4 splat(float x) { return (v4){x, x, x, x}; }

// Computes PIXELS neighbouring pixels of the row y from x on, and 4 * VECTORS filters of each, in registers.
#define BLOCK(PIXELS, VECTORS)                                                       \
  {                                                                                  \
    v4 sum[PIXELS][VECTORS];                                                         \
    for (int p = 0; p < PIXELS; p++)                                                 \
      for (int v = 0; v < VECTORS; v++) sum[p][v] = *(const v4 *)(bias + f + 4 * v); \
    for (int ky = 0; ky < size; ky++) {                                              \
      const float *row = input + (y * stride + ky) * in_row + x * stride * channels; \
      const float *weight = weights + ky * taps * filters + f;                       \
      for (int t = 0; t < taps; t++, weight += filters)                              \
        for (int v = 0; v < VECTORS; v++) {                                          \
          v4 w = *(const v4 *)(weight + 4 * v);                                      \
          for (int p = 0; p < PIXELS; p++)                                           \
            sum[p][v] += w * splat(row[p * stride * channels + t]);                  \
        }                                                                            \
    }                                                                                \
    for (int p = 0; p < PIXELS; p++)                                                 \
      for (int v = 0; v < VECTORS; v++)                                              \
        *(v4 *)(output + (y * width + x + p) * filters + f + 4 * v) = sum[p][v];     \
  }

// Computes all pixels, 4 at a time. The last 4 of a row may have been computed in part before: that takes less
// time than each of the rest alone.
#define ROWS(VECTORS)                                          \
  for (int y = 0; y < height; y++)                             \
    for (int next = 0; next < width; next += 4) {              \
      int x = next + 4 <= width ? next : width - 4;            \
      if (x >= 0) BLOCK(4, VECTORS)                            \
      else for (x = 0; x < width; x++) BLOCK(1, VECTORS)       \
    }

// input: rows of `in_row` values; weights: [size][size][channels][filters]; bias: [filters];
// output: [height][width][filters].
void convolve(const float *input, int in_row, int channels, const float *weights, const float *bias,
              float *output, int height, int width, int filters, int size, int stride) {
  const int taps = size * channels;  // of one row of the kernel; they lie side by side
  int f = 0;
  for (; f + 8 <= filters; f += 8) ROWS(2)
  for (; f + 4 <= filters; f += 4) ROWS(1)
  for (; f < filters; f++)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) {
        float sum = bias[f];
        for (int ky = 0; ky < size; ky++) {
          const float *row = input + (y * stride + ky) * in_row + x * stride * channels;
          for (int t = 0; t < taps; t++) sum += row[t] * weights[(ky * taps + t) * filters + f];
        }
        output[(y * width + x) * filters + f] = sum;
      }
}
