// SPDX-License-Identifier: Apache-2.0
// Defines exp, tanh, sigmoid and the rounding to formats of 16 and 8 bits in plain arithmetic, so that they
// vectorise and give the same bits on every device.
#pragma once

#include <caddie/abi.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace caddie {

/// Returns the float32 that has these bits.
CADDIE_FN inline float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
/// Returns the bits of a float32.
CADDIE_FN inline uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Returns e^x with a relative error below 2e-7 for x in [-87, 88]; any other x is clamped to that interval.
CADDIE_FN inline float exp(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  // Here x = n ln 2 + r with |r| <= ln 2 / 2; adding the magic number rounds to the nearest integer.
  float magic = 12582912.0f;
  float shifted = x * 1.44269504f + magic;
  float n = shifted - magic;
  float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return p * bits_to_float((float_to_bits(shifted) << 23) + 0x3f800000u);
}

/// Returns 1 / (1 + e^-x).
CADDIE_FN inline float sigmoid(float x) { return 1.0f / (1.0f + caddie::exp(-x)); }

/// Returns the hyperbolic tangent, with an absolute error below 1e-7.
CADDIE_FN inline float tanh(float x) {
  float a = x < 0 ? -x : x;
  float square = x * x;
  // Below 0.55 the quotient loses digits to cancellation; an odd polynomial does not.
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  float small = p * square * x + x;
  float large = 1.0f - 2.0f / (caddie::exp(2.0f * a) + 1.0f);
  large = x < 0 ? -large : large;
  return a < 0.55f ? small : large;
}

/// Returns the nearest whole number, halves rounded to even as IEEE arithmetic does. |x| < 2^22.
CADDIE_FN inline float round_even(float x) {
  float magic = x < 0 ? -12582912.0f : 12582912.0f;
  return (x + magic) - magic;
}

/// Returns the number of [low, high] that is nearest to x.
CADDIE_FN inline float clamp(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }

/// Returns the nearest bfloat16 value as float32, ties to even.
CADDIE_FN inline float round_bf16(float x) {
  uint32_t bits = float_to_bits(x);
  bits += 0x7fffu + ((bits >> 16) & 1u);
  return bits_to_float(bits & 0xffff0000u);
}

/// Returns the IEEE binary16 bits of the nearest half, ties to even; overflow becomes infinity.
CADDIE_FN inline uint16_t to_half(float x) {
  uint32_t bits = float_to_bits(x);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude >= 0x47800000u) return uint16_t(sign | (magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u));
  if (magnitude < 0x38800000u) {  // The half is subnormal: adding 0.5 aligns the fraction at its last bit.
    float aligned = bits_to_float(magnitude) + 0.5f;
    return uint16_t(sign | (float_to_bits(aligned) - 0x3f000000u));
  }
  uint32_t odd = (magnitude >> 13) & 1u;
  return uint16_t(sign | ((magnitude + 0xc8000fffu + odd) >> 13));
}

/// Returns the value of IEEE binary16 bits as float32, which holds it exactly.
CADDIE_FN inline float from_half(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000u) << 16;
  uint32_t exponent = (half >> 10) & 31u, fraction = half & 1023u;
  if (exponent == 31) return bits_to_float(sign | 0x7f800000u | (fraction << 13));
  if (exponent == 0) {
    float value = float(fraction) * 5.9604644775390625e-08f;
    return sign ? -value : value;
  }
  return bits_to_float(sign | ((exponent + 112u) << 23) | (fraction << 13));
}

/// Returns the bits of the nearest float of 8 bits, ties to even: 4 bits of exponent and 3 of fraction,
/// finite up to 448, which larger numbers become, and without infinities (E4M3). Source: arXiv:2209.05433.
CADDIE_FN inline uint8_t to_e4m3(float x) {
  uint32_t bits = float_to_bits(x);
  uint32_t sign = (bits >> 24) & 0x80u;
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x43e00000u) return uint8_t(sign | (magnitude > 0x7f800000u ? 0x7fu : 0x7eu));
  if (magnitude < 0x3c800000u) {  // It is subnormal: adding 2^14 aligns the fraction at its last bit, 2^-9.
    float aligned = bits_to_float(magnitude) + 16384.0f;
    return uint8_t(sign | (float_to_bits(aligned) - 0x46800000u));
  }
  uint32_t odd = (magnitude >> 20) & 1u;
  return uint8_t(sign | ((magnitude - 0x3c000000u + 0x7ffffu + odd) >> 20));
}

/// Returns the value of the bits that to_e4m3() gives as float32, which holds it exactly.
CADDIE_FN inline float from_e4m3(uint8_t bits) {
  uint32_t sign = uint32_t(bits & 0x80u) << 24;
  uint32_t exponent = (bits >> 3) & 15u, fraction = bits & 7u;
  if (exponent == 15 && fraction == 7) return bits_to_float(sign | 0x7fc00000u);
  if (exponent == 0) {
    float value = float(fraction) * 0.001953125f;
    return sign ? -value : value;
  }
  return bits_to_float(sign | ((exponent + 120u) << 23) | (fraction << 20));
}

}  // namespace caddie
