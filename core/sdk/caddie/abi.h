// SPDX-License-Identifier: Apache-2.0
// Defines what makes a plugin and a host fit together: symbol visibility and device qualifiers.
#pragma once

// Marks what a library shows to other libraries.
#define CADDIE_API __attribute__((visibility("default")))

// Marks code that runs on every device. Such code is plain arithmetic: no exceptions, no virtual calls.
#if defined(__CUDACC__)
#define CADDIE_FN __host__ __device__
#else
#define CADDIE_FN
#endif
