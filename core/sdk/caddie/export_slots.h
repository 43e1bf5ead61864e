// SPDX-License-Identifier: Apache-2.0
// Declares the interfaces that techniques implement which turn averaged weights into an artifact, in the
// order in which an export comes to them.
#pragma once

#include <caddie/slots.h>

namespace caddie {

/// Names the types of the elements of stored arrays.
enum class Type : uint8_t { kFloat32, kFloat16, kInt8 };
/// Returns the number of bytes of one element.
CADDIE_API int64_t bytes_of(Type type);

/// Holds a named array as it is stored in an artifact: little-endian, row-major.
struct Array {
  std::string name;  // such as "q" or "scale"
  Type type = Type::kInt8;
  Shape shape;
  std::string bytes;
};
using Packed = std::vector<Array>;

/// Changes averaged weights before they are quantized, on several threads at once.
struct CADDIE_API Pruner : Plugin {
  static constexpr Kind kKind = Kind::kPruner;
  /// Changes the weight in place.
  virtual void prune(Tensor& weight, const WeightInfo& info) = 0;
};

/// Names the columns [begin, end) of a matrix.
struct Columns {
  int64_t begin = 0, end = 0;
};

/// Gives some columns of a matrix more bits than the others have.
struct FineColumns {
  std::vector<Columns> columns;  // rising, none of them empty, and without overlap; often there are none
  int bits = 8;                  // the bits of a number in these columns
};

/// Turns a weight into arrays that need fewer bits, and back.
struct CADDIE_API Quantizer : Plugin {
  static constexpr Kind kKind = Kind::kQuantizer;
  /// Returns whether pack() reads the Hessian; only then does a calibration run through the model.
  virtual bool wants_hessian() const { return false; }
  /// Returns the arrays that stand for the weight, the same bytes for the same arguments. Weights are packed
  /// on several threads at once. `hessian` is [in,in], the sum of x x^T over the inputs x of the weight's
  /// linear, divided by the number of calibration sequences, its diagonal raised by the calibration's
  /// damping; it is null when nothing was collected.
  virtual Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor* hessian) = 0;
  /// Returns the bits of a number where pack_finer() can give some columns more, and 0 where it cannot.
  virtual int raisable_bits() const { return 0; }
  /// Returns what pack() does, with more bits for some columns of a matrix whose Hessian is known. It is
  /// called for quantizers with raisable_bits() only; the others throw Error.
  virtual Packed pack_finer(const Tensor& weight, const WeightInfo& info, const Tensor* hessian,
                            const FineColumns& fine);
  /// Fills the weight from what pack() returned, perhaps of another object of this plugin with other
  /// settings. Throws Error when the arrays do not fit the weight.
  virtual void unpack(const Packed& packed, Tensor& weight) const = 0;
  /// Returns the most that |w' - w| / |w| may be, where w holds independent normal numbers and w' is what
  /// unpack() gives back. Tests hold the quantizer to it; one of very few bits returns more than this.
  virtual double largest_error() const { return 0.1; }
};

/// Shows an allocator one matrix whose inputs a calibration has seen.
struct CalibratedWeight {
  const WeightInfo* info;
  int bits;  // of a number, as its quantizer stores it
  const Tensor* weight =
      nullptr;  // [out, in], as it goes into its quantizer; null while only sizes are known
  const Tensor* input_rms = nullptr;  // [in], the root mean square of each input; null as long as the weight
};

/// Gives columns of weights more bits than their quantizers do, chosen by comparing all weights that it
/// claims.
struct CADDIE_API Allocator : Plugin {
  static constexpr Kind kKind = Kind::kAllocator;
  /// Returns, for each weight, the columns that get more bits; none for a weight that stays as it is. It is
  /// called once, with those of its weights whose inputs are known and whose quantizers can give more. The
  /// same weights give the same columns.
  virtual std::vector<FineColumns> choose(std::span<const CalibratedWeight> weights) = 0;
  /// Returns about how many bytes its choice among such weights adds to a compressed artifact.
  virtual int64_t extra_bytes(std::span<const CalibratedWeight> weights) const = 0;
};

/// Shows a corrector one quantized weight.
struct RestoredWeight {
  const WeightInfo* info;
  Tensor weight;    // what went into its quantizer, on the host
  Tensor restored;  // what is read back, with what earlier correctors add; on the host
};

/// Stores with quantized weights what brings them nearer to what they were, for weights chosen by comparing
/// all that it claims.
struct CADDIE_API Corrector : Plugin {
  static constexpr Kind kKind = Kind::kCorrector;
  /// Returns, for each weight, the arrays that correct it; none for a weight that stays as it is. The same
  /// weights give the same bytes.
  virtual std::vector<Packed> pack(std::span<const RestoredWeight> weights) = 0;
  /// Corrects a weight as restored, [out, in] on the host, by what pack() returned, perhaps of another object
  /// of this plugin with other settings. Throws Error when the arrays do not fit the weight.
  virtual void correct(const Packed& packed, Tensor& weight) const = 0;
  /// Returns about how many bytes its choice among these weights adds to a compressed artifact.
  virtual int64_t extra_bytes(std::span<const WeightInfo* const> weights) const = 0;
};

/// Refers to one quantized weight.
struct PackedWeight {
  const WeightInfo* info;
  Packed* packed;
};

/// Gives a trimmer access to the quantized model.
class CADDIE_API Package {
 public:
  virtual ~Package();
  /// Returns the weights in the order of the model; the bytes of an array may be changed, its type and shape
  /// may not.
  virtual std::span<const PackedWeight> weights() = 0;
  /// Returns the size of the artifact, code included, if it were written now. It is slow: it compresses
  /// everything.
  virtual int64_t bytes() = 0;
  /// Returns the largest size that the experiment allows the artifact.
  virtual int64_t limit_bytes() const = 0;
};

/// Changes quantized weights so that the artifact becomes smaller.
struct CADDIE_API Trimmer : Plugin {
  static constexpr Kind kKind = Kind::kTrimmer;
  virtual void trim(Package& package) = 0;
};

/// Refers to an array of a quantized weight.
struct NamedArray {
  std::string_view weight;  // the name of the weight
  const Array* array;
};

/// Writes the integers of a quantized model in an order in which a compressor finds more to save.
struct CADDIE_API Layout : Plugin {
  static constexpr Kind kKind = Kind::kLayout;
  /// Returns bytes from which restore() makes those of all arrays, which are of kInt8. Arrays with the same
  /// name of weights of one kind in all layers follow one another.
  virtual std::string arrange(std::span<const NamedArray> arrays) const = 0;
  /// Returns the bytes of each array, which has its name and shape and no bytes yet, from what arrange()
  /// returned, perhaps of another object of this plugin with other settings. Throws Error on damaged input.
  virtual std::vector<std::string> restore(std::string_view bytes,
                                           std::span<const NamedArray> arrays) const = 0;
};

/// Turns bytes into fewer bytes, and back.
struct CADDIE_API Compressor : Plugin {
  static constexpr Kind kKind = Kind::kCompressor;
  virtual std::string compress(std::string_view bytes) = 0;
  /// Returns the bytes that compress() was given, `size` of them. Throws Error on damaged input.
  virtual std::string expand(std::string_view bytes, size_t size) const = 0;
};

}  // namespace caddie
