/// One number for the layout of everything in abi.h: the library says which layout it was built for, and the core
/// refuses what does not have its own. A structure that changes without HC_ABI_VERSION being raised is found this way.
#pragma once
#include "abi.h"

namespace hotclick::detail {

/// FNV-1a.
constexpr uint64_t sum_up(const uint32_t* numbers, uint32_t count) {
  uint64_t sum = 0xCBF29CE484222325ull;
  for (uint32_t i = 0; i < count; ++i) sum = (sum ^ numbers[i]) * 0x100000001B3ull;
  return sum;
}

#define HC_AT(type, field) static_cast<uint32_t>(offsetof(type, field))
// clang-format off
inline constexpr uint32_t abi_numbers[] = {
    sizeof(hc_packet), HC_AT(hc_packet, buffer), HC_AT(hc_packet, length), HC_AT(hc_packet, index),
        HC_AT(hc_packet, mac_offset), HC_AT(hc_packet, network_offset), HC_AT(hc_packet, transport_offset),
        HC_AT(hc_packet, flags), HC_AT(hc_packet, destination), HC_AT(hc_packet, paint),
        HC_AT(hc_packet, packet_type), HC_AT(hc_packet, fix_ip_source), HC_AT(hc_packet, icmp_parameter),
        HC_AT(hc_packet, timestamp), HC_AT(hc_packet, aggregate), HC_AT(hc_packet, vlan_tci),
        HC_AT(hc_packet, trace_id_low), HC_AT(hc_packet, holder), HC_AT(hc_packet, reserved),
        HC_AT(hc_packet, destination6), HC_AT(hc_packet, trace_id),
        HC_AT(hc_packet, sequence), HC_AT(hc_packet, extra_packets), HC_AT(hc_packet, extra_bytes),
        HC_AT(hc_packet, user),
    sizeof(hc_batch), HC_AT(hc_batch, reserved), HC_AT(hc_batch, packets),
    sizeof(hc_push_edge), HC_AT(hc_push_edge, object), HC_AT(hc_push_edge, port), HC_AT(hc_push_edge, reserved),
    sizeof(hc_pull_edge), HC_AT(hc_pull_edge, object), HC_AT(hc_pull_edge, port), HC_AT(hc_pull_edge, reserved),
    sizeof(hc_shard), HC_AT(hc_shard, count), HC_AT(hc_shard, now), HC_AT(hc_shard, wall_offset),
        HC_AT(hc_shard, ticks), HC_AT(hc_shard, tracing), HC_AT(hc_shard, free_packets),
        HC_AT(hc_shard, free_count), HC_AT(hc_shard, free_capacity), HC_AT(hc_shard, scratch),
        HC_AT(hc_shard, scratch_end), HC_AT(hc_shard, random), HC_AT(hc_shard, host), HC_AT(hc_shard, pool),
    sizeof(hc_instance), HC_AT(hc_instance, inputs), HC_AT(hc_instance, noutputs), HC_AT(hc_instance, ninputs),
        HC_AT(hc_instance, shard), HC_AT(hc_instance, host), HC_AT(hc_instance, drops), HC_AT(hc_instance, name),
        HC_AT(hc_instance, object), HC_AT(hc_instance, core),
    sizeof(hc_string), HC_AT(hc_string, length), HC_AT(hc_string, reserved),
    sizeof(hc_prefix4), HC_AT(hc_prefix4, mask),
    sizeof(hc_argument), HC_AT(hc_argument, help), HC_AT(hc_argument, member), HC_AT(hc_argument, type),
        HC_AT(hc_argument, flags),
    sizeof(hc_arguments), HC_AT(hc_arguments, nrest), HC_AT(hc_arguments, failed_argument),
        HC_AT(hc_arguments, rest_index), HC_AT(hc_arguments, error),
    sizeof(hc_text), HC_AT(hc_text, length), HC_AT(hc_text, capacity), HC_AT(hc_text, overflow),
        HC_AT(hc_text, reserved),
    sizeof(hc_handler), HC_AT(hc_handler, help), HC_AT(hc_handler, read), HC_AT(hc_handler, write),
        HC_AT(hc_handler, merge), HC_AT(hc_handler, flags),
    sizeof(hc_field), HC_AT(hc_field, type), HC_AT(hc_field, offset), HC_AT(hc_field, size),
        HC_AT(hc_field, merge),
    sizeof(hc_record_view), HC_AT(hc_record_view, schema),
    sizeof(hc_conversion), HC_AT(hc_conversion, reserved), HC_AT(hc_conversion, convert),
    sizeof(hc_schema), HC_AT(hc_schema, nfields), HC_AT(hc_schema, size), HC_AT(hc_schema, version),
        HC_AT(hc_schema, nconversions), HC_AT(hc_schema, up), HC_AT(hc_schema, down), HC_AT(hc_schema, nup),
        HC_AT(hc_schema, ndown),
    sizeof(hc_state), HC_AT(hc_state, help), HC_AT(hc_state, kind), HC_AT(hc_state, reserved),
        HC_AT(hc_state, schema), HC_AT(hc_state, key), HC_AT(hc_state, member), HC_AT(hc_state, defaults),
        HC_AT(hc_state, expire), HC_AT(hc_state, section), HC_AT(hc_state, section_size),
    sizeof(hc_state_slot),
    sizeof(hc_table_slot), HC_AT(hc_table_slot, capacity), HC_AT(hc_table_slot, reserved),
    sizeof(hc_queue_slot), HC_AT(hc_queue_slot, capacity), HC_AT(hc_queue_slot, reserved),
    sizeof(hc_drop_reason), HC_AT(hc_drop_reason, help),
    sizeof(hc_descriptor), HC_AT(hc_descriptor, size), HC_AT(hc_descriptor, layout),
        HC_AT(hc_descriptor, class_name), HC_AT(hc_descriptor, version), HC_AT(hc_descriptor, ports),
        HC_AT(hc_descriptor, processing), HC_AT(hc_descriptor, flow), HC_AT(hc_descriptor, help),
        HC_AT(hc_descriptor, arguments), HC_AT(hc_descriptor, handlers), HC_AT(hc_descriptor, states),
        HC_AT(hc_descriptor, drops), HC_AT(hc_descriptor, narguments), HC_AT(hc_descriptor, nhandlers),
        HC_AT(hc_descriptor, nstates), HC_AT(hc_descriptor, ndrops), HC_AT(hc_descriptor, object_size),
        HC_AT(hc_descriptor, object_align), HC_AT(hc_descriptor, construct), HC_AT(hc_descriptor, destroy),
        HC_AT(hc_descriptor, configure), HC_AT(hc_descriptor, initialize), HC_AT(hc_descriptor, start),
        HC_AT(hc_descriptor, push), HC_AT(hc_descriptor, pull), HC_AT(hc_descriptor, run),
        HC_AT(hc_descriptor, timer), HC_AT(hc_descriptor, pending), HC_AT(hc_descriptor, knows),
    sizeof(hc_queue), HC_AT(hc_queue, tail), HC_AT(hc_queue, mask), HC_AT(hc_queue, limit), HC_AT(hc_queue, ring),
    sizeof(hc_record), HC_AT(hc_record, layout), HC_AT(hc_record, flags), HC_AT(hc_record, expires),
        HC_AT(hc_record, link),
    sizeof(hc_table), HC_AT(hc_table, index), HC_AT(hc_table, old_index), HC_AT(hc_table, dirty),
        HC_AT(hc_table, shard), HC_AT(hc_table, seed), HC_AT(hc_table, index_mask), HC_AT(hc_table, old_mask),
        HC_AT(hc_table, stride), HC_AT(hc_table, value_offset), HC_AT(hc_table, key_size), HC_AT(hc_table, layout),
        HC_AT(hc_table, page_shift), HC_AT(hc_table, live), HC_AT(hc_table, capacity), HC_AT(hc_table, old_stride),
        HC_AT(hc_table, old_records),
    sizeof(hc_device_stats), HC_AT(hc_device_stats, rx_bytes), HC_AT(hc_device_stats, tx_packets),
        HC_AT(hc_device_stats, tx_bytes), HC_AT(hc_device_stats, rx_kernel_drops),
        HC_AT(hc_device_stats, rx_ring_freezes), HC_AT(hc_device_stats, rx_too_long),
        HC_AT(hc_device_stats, rx_no_packet), HC_AT(hc_device_stats, tx_errors), HC_AT(hc_device_stats, link_up),
        HC_AT(hc_device_stats, link_changes), HC_AT(hc_device_stats, rx_checksum_missing),
        HC_AT(hc_device_stats, rx_truncated), HC_AT(hc_device_stats, file_position),
        HC_AT(hc_device_stats, file_size),
    sizeof(hc_device), HC_AT(hc_device, send), HC_AT(hc_device, flush), HC_AT(hc_device, read_stats),
        HC_AT(hc_device, close), HC_AT(hc_device, fd), HC_AT(hc_device, finished), HC_AT(hc_device, shard),
        HC_AT(hc_device, mac), HC_AT(hc_device, mtu), HC_AT(hc_device, link_type), HC_AT(hc_device, error),
    sizeof(hc_host), HC_AT(hc_host, size), HC_AT(hc_host, refill), HC_AT(hc_host, spill),
        HC_AT(hc_host, trace_drop), HC_AT(hc_host, set_task), HC_AT(hc_host, set_timer),
        HC_AT(hc_host, table_insert), HC_AT(hc_host, table_erase), HC_AT(hc_host, table_convert),
        HC_AT(hc_host, table_step), HC_AT(hc_host, device_open), HC_AT(hc_host, device_close),
        HC_AT(hc_host, interface_address), HC_AT(hc_host, classifier_compile), HC_AT(hc_host, classifier_free),
        HC_AT(hc_host, classify), HC_AT(hc_host, classifier_text), HC_AT(hc_host, parse), HC_AT(hc_host, append),
        HC_AT(hc_host, fail), HC_AT(hc_host, log), HC_AT(hc_host, print), HC_AT(hc_host, read_handler),
        HC_AT(hc_host, write_handler), HC_AT(hc_host, stop), HC_AT(hc_host, allocate), HC_AT(hc_host, release),
        HC_AT(hc_host, hand_over), HC_AT(hc_host, shard_of), HC_AT(hc_host, table_elsewhere),
};
// clang-format on
#undef HC_AT

inline constexpr uint64_t abi_layout = sum_up(abi_numbers, sizeof(abi_numbers) / sizeof(abi_numbers[0]));

}  // namespace hotclick::detail
