// The network's convolution for WebAssembly with SIMD. How it is built: see convolve.md.
//
// Arrays hold rows of pixels, each with its channels side by side, as TensorFlow's NHWC. The input has
// its padding around it already. The number of filters is a multiple of 4.

typedef float v4 __attribute__((vector_size(16), aligned(4)));

static inline v4 splat(float x) { return (v4){x, x, x, x}; }

// One output row segment: `PIXELS` pixels and 4 * `VECTORS` filters at a time, kept in registers.
#define BLOCK(PIXELS, VECTORS)                                                       \
  {                                                                                  \
    v4 sum[PIXELS][VECTORS];                                                         \
    for (int v = 0; v < VECTORS; v++)                                                \
      for (int p = 0; p < PIXELS; p++) sum[p][v] = *(const v4 *)(bias + f + 4 * v);  \
    for (int ky = 0; ky < size; ky++) {                                              \
      const float *row = input + (y * stride + ky) * in_row + x * stride * channels; \
      const float *weight = weights + ky * taps * filters + f;                       \
      for (int t = 0; t < taps; t++, weight += filters) {                            \
        for (int v = 0; v < VECTORS; v++) {                                          \
          v4 w = *(const v4 *)(weight + 4 * v);                                      \
          for (int p = 0; p < PIXELS; p++)                                           \
            sum[p][v] += w * splat(row[p * stride * channels + t]);                  \
        }                                                                            \
      }                                                                              \
    }                                                                                \
    for (int p = 0; p < PIXELS; p++)                                                 \
      for (int v = 0; v < VECTORS; v++)                                              \
        *(v4 *)(output + y * out_row + (x + p) * filters + f + 4 * v) = sum[p][v];   \
  }

// input: rows of `in_row` floats; weights: [size][size][channels][filters]; bias: [filters];
// output: [height] rows of `out_row` floats, of which [width][filters] are written.
void convolve(const float *input, int in_row, int channels, const float *weights, const float *bias,
              float *output, int out_row, int height, int width, int filters, int size, int stride) {
  const int taps = size * channels;  // of a row, which lie side by side
  for (int f = 0; f < filters;) {
    const int eight = f + 8 <= filters;
    for (int y = 0; y < height; y++) {
      int x = 0;
      if (eight) {
        for (; x + 4 <= width; x += 4) BLOCK(4, 2)
        for (; x < width; x++) BLOCK(1, 2)
      } else {
        for (; x + 4 <= width; x += 4) BLOCK(4, 1)
        for (; x < width; x++) BLOCK(1, 1)
      }
    }
    f += eight ? 8 : 4;
  }
}
