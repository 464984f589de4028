// What the host's thread does with a shard: devices and state that outlive graphs.
#include <cstdio>
#include <cstring>

#include "../io/device_options.hh"
#include "../io/devices.hh"
#include "shard.hh"
#include "transfer/import.hh"

namespace hotclick::core {

hc_device* Shard::open_device(Node& node, const char* kind, const char* name, const char* options,
                              char* error) {
  for (OpenDevice& d : devices_) {
    if (d.kind != kind || d.name != name || d.options != options) continue;
    ++d.references;
    node.devices.push_back(d.device);
    return d.device;
  }
  const ImportedDevice* known =
      imported ? imported->device(std::string(kind) + ' ' + name + ' ' + options) : nullptr;
  if (beside_another && !io::can_be_beside(kind)) {
    io::set_error(error, "only one engine can have it, and another has it open");
    return nullptr;
  }
  OpenDevice d{kind,    name, options, known ? known->memory : statics_->allocate(sizeof(io::DeviceMemory)),
               nullptr, 1};
  if (!d.memory) {
    io::set_error(error, "no memory for a device");
    return nullptr;
  }
  io::DeviceOrigin origin;
  origin.memory = reinterpret_cast<io::DeviceMemory*>(d.memory.get());
  if (known) origin.files = &known->files;
  d.device =
      static_cast<io::Device*>(idle_devices ? io::open_idle_device(&face_, options)
                                            : io::open_device(&face_, kind, name, options, error, origin));
  if (!d.device) return nullptr;
  d.device->on_change = [](void* shard) { static_cast<Shard*>(shard)->note_changed_files(); };
  d.device->change_context = this;
  node.devices.push_back(d.device);
  devices_.push_back(std::move(d));
  return node.devices.back();
}

void Shard::close_device(hc_device* device) {
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (devices_[i].device != device || --devices_[i].references != 0) continue;
    device->close(device);
    devices_.erase(devices_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

void Shard::share_devices(bool shared) {
  for (OpenDevice& d : devices_) d.device->released = shared;
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
