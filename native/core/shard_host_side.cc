// What the host's thread does with a shard: devices and state that outlive graphs.
#include <cstdio>
#include <cstring>

#include "../io/devices.hh"
#include "shard.hh"

namespace hotclick::core {

hc_device* Shard::open_device(Node& node, const char* kind, const char* name, const char* options,
                              char* error) {
  const std::string key = std::string(kind) + ' ' + name + ' ' + options;
  for (OpenDevice& d : devices_) {
    if (d.key != key) continue;
    ++d.references;
    node.devices.push_back(d.device);
    return d.device;
  }
  hc_device* device = idle_devices ? io::open_idle_device(&face_, options)
                                   : io::open_device(&face_, kind, name, options, error);
  if (!device) return nullptr;
  devices_.push_back({key, device, 1});
  node.devices.push_back(device);
  return device;
}

void Shard::close_device(hc_device* device) {
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (devices_[i].device != device || --devices_[i].references != 0) continue;
    device->close(device);
    devices_.erase(devices_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

std::shared_ptr<SectionPages> Shard::section(const std::string& class_name, const std::string& state) const {
  const auto at = sections_.find({class_name, state});
  return at == sections_.end() ? nullptr : at->second;
}

std::shared_ptr<SectionPages> Shard::pending_section(const std::string& class_name,
                                                     const std::string& state) const {
  const auto at = pending_sections_.find({class_name, state});
  return at == pending_sections_.end() ? nullptr : at->second;
}

void Shard::add_pending_section(const std::string& class_name, const std::string& state,
                                std::shared_ptr<SectionPages> s) {
  pending_sections_[{class_name, state}] = std::move(s);
}

void Shard::settle_sections(bool commit) {
  if (commit) {
    for (auto& [key, pages] : pending_sections_) sections_[key] = pages;
  }
  pending_sections_.clear();
}

const RestoredStatic* Shard::restored_static(const std::string& element, const std::string& state) const {
  const auto at = restored_statics.find(element + '/' + state);
  return at == restored_statics.end() ? nullptr : &at->second;
}

std::shared_ptr<FlowTable> Shard::restored_table(const std::string& element, const std::string& state) {
  const auto at = restored_tables.find(element + '/' + state);
  return at == restored_tables.end() ? nullptr : at->second;
}

}  // namespace hotclick::core
