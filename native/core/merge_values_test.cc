#include "merge_values.hh"

#include <hotclick/abi.h>

#include "../test/unit.hpp"

using hotclick::core::merge_values;

TEST("merged values: whole numbers are added exactly, others as floating point") {
  CHECK_EQ(merge_values(HC_MERGE_SUM, {"1", "2", "3"}), "6");
  CHECK_EQ(merge_values(HC_MERGE_SUM, {"9007199254740993", "1"}), "9007199254740994");
  CHECK_EQ(merge_values(HC_MERGE_SUM, {"18446744073709551614", "1"}), "18446744073709551615");
  CHECK_EQ(merge_values(HC_MERGE_SUM, {"-3", "1"}), "-2");
  CHECK_EQ(merge_values(HC_MERGE_SUM, {"1.5", "2"}), "3.5");
}

TEST("merged values: smallest, largest, joined, first") {
  CHECK_EQ(merge_values(HC_MERGE_MAX, {"9", "10", "2"}), "10");
  CHECK_EQ(merge_values(HC_MERGE_MIN, {"9", "10", "2"}), "2");
  CHECK_EQ(merge_values(HC_MERGE_CONCAT, {"a\n", "b\n"}), "a\nb\n");
  CHECK_EQ(merge_values(HC_MERGE_FIRST, {"a", "b"}), "a");
  CHECK_EQ(merge_values(HC_MERGE_SAME, {"a", "a"}), "a");
  CHECK_EQ(merge_values(HC_MERGE_SUM, {}), "");
}
