/// The functions that elements call (hc_host of abi.h), the same for all shards.
#pragma once
#include <hotclick/abi.h>

namespace hotclick::core {

const hc_host& host_functions();

}  // namespace hotclick::core
