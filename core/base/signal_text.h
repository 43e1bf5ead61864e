// SPDX-License-Identifier: Apache-2.0
// Writes texts where nothing may be allocated, as in the handler of a signal.
#pragma once

#include <cstdint>

namespace caddie {

/// Appends to a text of limited size, whose end is cut off and which always has a null behind it. It does
/// only what a signal handler may.
class SignalText {
 public:
  SignalText(char* text, unsigned size) : begin_(text), at_(text), end_(text + size - 1) { *at_ = 0; }
  void add(const char* more) {
    while (*more && at_ < end_) *at_++ = *more++;
    *at_ = 0;
  }
  /// Appends a number from 0 on, in digits.
  void add(int64_t number) {
    if (number >= 10) add(number / 10);
    const char digit[] = {char('0' + number % 10), 0};
    add(digit);
  }
  /// Returns the bytes before the null.
  unsigned size() const { return unsigned(at_ - begin_); }

 private:
  char *begin_, *at_, *end_;
};

}  // namespace caddie
