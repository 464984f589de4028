/// A Counter made of one function that counts packets. The versions here keep static variables in ways that can, or
/// cannot, be carried over.
#pragma once
#include <hotclick/element.hpp>
using namespace hotclick;

#define COUNTER(version, counted)                                                           \
  struct Counter : Element {                                                                \
    void action(Batch& batch) { counted(batch.count); }                                     \
    uint64_t count() const { return counted(0); }                                           \
  };                                                                                        \
  constexpr auto info = element<Counter>("Counter", version)                                \
                            .help("For a test.")                                            \
                            .read<&Counter::count>("count", merge::sum, "packets counted"); \
  HOTCLICK_EXPORT(info)
