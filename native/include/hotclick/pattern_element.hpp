/// Base of the elements whose arguments are packet patterns (Classifier, IPClassifier, IPFilter). The core
/// compiles the patterns; the element holds the compiled program and asks it for each batch.
#pragma once
#include "element.hpp"

namespace hotclick {

struct PatternElement : Element {
  hc_classifier* program = nullptr;

  ~PatternElement() {
    if (program) self->host->classifier_free(program);
  }
  /// Compiles all arguments as patterns of `kind`; false with the place of the mistake set.
  bool compile(const char* kind, const Arguments& arguments) {
    uint32_t failed = 0xFFFFFFFFu;
    hc_arguments* raw = arguments.raw;
    program = self->host->classifier_compile(kind, raw->rest, raw->nrest, raw->error, &failed);
    if (program) return true;
    if (failed < raw->nrest) raw->failed_argument = raw->rest_index[failed];
    return false;
  }
  /// One pattern for each output.
  bool one_pattern_per_output(const Arguments& arguments) const {
    if (arguments.size() == noutputs()) return true;
    return arguments.fail("need %u arguments, one per output port", noutputs());
  }
  void classify(Batch& batch, uint16_t* ports) { self->host->classify(program, &batch, ports); }
  void text(Text out) { out.host->classifier_text(program, out.out); }
};

}  // namespace hotclick
