/// Lookups of keys of the usual sizes.
#include <hotclick/table.hpp>

namespace hotclick::detail {

template uint32_t find_record<4>(hc_table* table, const void* key, uint32_t h);
template void find_records<4>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);
template uint32_t find_record<8>(hc_table* table, const void* key, uint32_t h);
template void find_records<8>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);
template uint32_t find_record<12>(hc_table* table, const void* key, uint32_t h);
template void find_records<12>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);
template uint32_t find_record<16>(hc_table* table, const void* key, uint32_t h);
template void find_records<16>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);

}  // namespace hotclick::detail
