/// Compiled packet classifiers: Click's Classifier, IPClassifier and IPFilter patterns turned into tables.
/// The design and the measurements behind it are in docs/design/classifier.md.
#pragma once
#include "hotclick/abi.h"

namespace hotclick::core {

/// Compiles `count` patterns. `kind` is "classifier" (offset/value%mask clauses), "ipclassifier" (one
/// expression per output) or "ipfilter" (`allow|deny|drop|OUTPUT [EXPRESSION]`). Returns null with `error`
/// (HC_ERROR_SIZE bytes; the offending word and its position, counted from 1) and `failed` (index of the
/// pattern) set when one is wrong or the set needs more memory than the compiler allows. Off the packet path
/// only; takes milliseconds to about a second.
hc_classifier* classifier_compile(const char* kind, const hc_string* patterns, uint32_t count, char* error,
                                  uint32_t* failed);
void classifier_free(hc_classifier* classifier);

/// Writes for each packet of the batch its output, or HC_NO_PORT. Thread safe: a classifier never changes. IP
/// patterns look at network_offset and transport_offset (found from the IP header when it is not set); what
/// lies outside the frame is missing, and a test that needs a missing byte is false.
void classify(const hc_classifier* classifier, const hc_batch* batch, uint16_t* ports);

/// Says how it was compiled: method, fields, tables and their bytes.
void classifier_text(const hc_classifier* classifier, hc_text* out);

}  // namespace hotclick::core
