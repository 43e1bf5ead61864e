# The kernels are compiled once for each instruction set and chosen at start (isa.cpp). They stay optimised in debug
# builds; there the unrolled loops are checked for addresses only, by calls, or compiling would take minutes, and the
# innermost products before their loops (simd.inl).
# g++ 12 warns of variables that its own AVX-512 header leaves undefined on purpose.
foreach(level v3 v4)
  set_source_files_properties(core/device/cpu/kernels_${level}.cpp PROPERTIES COMPILE_OPTIONS
    "-march=x86-64-${level};-O3;-Wno-uninitialized;-Wno-maybe-uninitialized;-fno-sanitize=undefined;--param=asan-instrumentation-with-call-threshold=0")
endforeach()
