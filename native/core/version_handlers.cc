#include "version_handlers.hh"

#include <cstdio>
#include <string>
#include <vector>

#include "merge_values.hh"
#include "shard_graph.hh"

namespace hotclick::core {

int read_versions(const ShardGraph& graph, const Node& node, const hc_handler& handler,
                  const hc_string& parameter, hc_text& out, char* error) {
  const auto& older = graph.versions().older(node);
  const uint32_t before = out.length;
  int status = node.read(handler, parameter, out, error);
  if (older.empty() || handler.merge == HC_MERGE_FIRST || handler.merge == HC_MERGE_SAME || out.overflow)
    return status;
  std::vector<std::string> values;
  if (status == 0) values.emplace_back(out.data + before, out.length - before);
  for (const Node* version : older) {
    const hc_handler* same = version->find_handler(handler.name);
    char why[HC_ERROR_SIZE];
    std::string value(out.capacity, '\0');
    hc_text text = {value.data(), 0, out.capacity, 0, 0};
    if (!same || !same->read || version->read(*same, parameter, text, why) != 0) continue;
    out.overflow |= text.overflow;
    value.resize(text.length);
    values.push_back(std::move(value));
    status = 0;
  }
  const std::string merged = merge_values(handler.merge, values);
  if (merged.size() >= out.capacity - before) {
    out.overflow = 1;
    return status;
  }
  merged.copy(out.data + before, merged.size());
  out.length = before + static_cast<uint32_t>(merged.size());
  return status;
}

int write_versions(const ShardGraph& graph, const Node& node, const hc_handler& handler,
                   const hc_string& value, char* error) {
  if (handler.write(node.instance.object, &value, error) != 0) return -1;
  for (const Node* version : graph.versions().older(node)) {
    const hc_handler* same = version->find_handler(handler.name);
    char why[HC_ERROR_SIZE] = "";
    if (!same || !same->write || same->write(version->instance.object, &value, why) == 0) continue;
    snprintf(error, HC_ERROR_SIZE, "version %.32s, which runs beside: %.400s", version->version.c_str(), why);
    return -1;
  }
  return 0;
}

}  // namespace hotclick::core
